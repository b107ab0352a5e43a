import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { type KnownRemotes, policyOf } from './policy.ts'

const a = Domain.parse('a.test')
const b = Domain.parse('b.test')

test('the strategy decides, and the list only where it is dynamic', async () => {
  const allows = (strategy: KnownRemotes['strategy']) => policyOf(async () => ({ strategy, remotes: [{ domain: a }] }))
  assert.equal(await allows('allowNone')(a), false)
  assert.equal(await allows('allowAll')(b), true)
  assert.equal(await allows('allowDynamic')(a), true)
  assert.equal(await allows('allowDynamic')(b), false)
})

test('a change of the list is effective for the next check', async () => {
  let known: KnownRemotes = { strategy: 'allowDynamic', remotes: [{ domain: a }] }
  const isAllowed = policyOf(async () => known)
  assert.equal(await isAllowed(a), true)
  known = { strategy: 'allowDynamic', remotes: [] }
  assert.equal(await isAllowed(a), false)
})

test('without an answer about the list nobody is let in', async () => {
  const isAllowed = policyOf(() => Promise.reject(new Error('brig is away')))
  await assert.rejects(isAllowed(a), /brig is away/)
})
