import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { RemoteConfig, type Strategy } from '#src/contract/internal/remotes.ts'
import { judgePolicy } from './policy.ts'
import { judgeOwnPolicy } from './self.ts'

const domain = Domain.parse('beta.test')
const configFile = 'c.yaml'
const beta = RemoteConfig.parse({ domain, search_policy: 'full_search' })

const policy = (strategy: Strategy, remotes: readonly RemoteConfig[]) => ({
  known: { strategy, remotes: [...remotes] },
  source: 'a test',
  brigUrl: 'http://127.0.0.1:1',
})
const judge = (strategy: Strategy, ...remotes: RemoteConfig[]) =>
  judgePolicy(policy(strategy, remotes), { domain, configFile })

test('a listed remote is allowed, and what its people may find is told', async () => {
  const found = await judge('allowDynamic', beta)
  assert.equal(found.verdict, 'ok')
  assert.match(found.fact, /full_search, all teams/)
})

test('a remote that is not listed is blocked, with the line that lists it', async () => {
  const found = await judge('allowDynamic')
  assert.equal(found.verdict, 'failed')
  assert.match(
    found.change ?? '',
    /^c\.yaml: federation\.remotes: add \{ domain: beta\.test.*POST.*127\.0\.0\.1:1\/i\//,
  )
})

test('who federates with nobody blocks listed remotes too, and a list would not help', async () => {
  const found = await judge('allowNone', beta)
  assert.equal(found.verdict, 'failed')
  assert.match(found.change ?? '', /federation\.strategy: allowDynamic/)
})

test('an unlisted remote among everybody works, but its people find nobody', async () => {
  const found = await judge('allowAll')
  assert.equal(found.verdict, 'warning')
  assert.match(found.why ?? '', /no_search/)
})

test('of ourselves it is worth a look when nobody may call us', () => {
  const verdictOf = (strategy: Strategy, ...remotes: RemoteConfig[]) =>
    judgeOwnPolicy(policy(strategy, remotes), { configFile }).verdict
  assert.equal(verdictOf('allowNone', beta), 'warning')
  assert.equal(verdictOf('allowDynamic'), 'warning')
  assert.equal(verdictOf('allowDynamic', beta), 'ok')
  assert.equal(verdictOf('allowAll'), 'ok')
})
