import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain, TeamId, UserId } from '#src/contract/ids.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { FAN_OUT_MAX } from './limits.ts'
import { askEach, byDomain, otherBackends } from './other-backends.ts'

const B = Domain.parse('b.example')
const C = Domain.parse('c.example')
const BOB = UserId.parse('b0b00000-0000-4000-8000-000000000001')
const BRAD = UserId.parse('b0b00000-0000-4000-8000-000000000002')

const profile = (domain: Domain, id: UserId) => ({ qualified_id: { domain, id }, id })
const answering = (answer: unknown): RemoteBackends => ({
  call: () => Promise.resolve(answer as never),
  versionOf: () => Promise.resolve(0),
  announces: () => Promise.resolve(false),
})
const context = { requestId: 'test' }

test('a backend speaks only for its own users, and only for those it was asked about', async () => {
  const answer = [profile(B, BOB), profile(C, BOB), profile(B, BRAD)]
  const found = await otherBackends(answering(answer)).profiles(B, [BOB], context)
  assert.deepEqual(found, [profile(B, BOB)])

  const foreign = otherBackends(answering(profile(C, BOB)))
  assert.equal(await foreign.profileByHandle(B, 'bob' as never, context), undefined)

  const contacts = [profile(C, BOB), profile(B, BRAD)]
  const search = otherBackends(answering({ contacts, searchPolicy: 'full_search' }))
  const result = await search.search(B, { term: 'b', from: null, onlyInTeams: null, types: null }, context)
  assert.deepEqual(result, { contacts: [profile(B, BRAD)], searchPolicy: 'full_search' })
})

test('USR-015: contacts of teams that we may not see are dropped, whatever the other backend thinks', async () => {
  const [ours, other] = [TeamId.parse('7ea00000-0000-4000-8000-000000000001'), '7ea00000-0000-4000-8000-000000000002']
  const contacts = [ours, other, null].map((team) => ({ ...profile(B, BOB), team }))
  const search = otherBackends(answering({ contacts, searchPolicy: 'full_search' }))
  const result = await search.search(B, { term: 'b', from: null, onlyInTeams: [ours], types: null }, context)
  assert.deepEqual(result.contacts, [{ ...profile(B, BOB), team: ours }])
})

test('devices of users who were not asked about are dropped, and who has none has an empty list', async () => {
  const found = await otherBackends(answering({ [BRAD]: [{ id: '1' }] })).devices(B, [BOB], context)
  assert.deepEqual([...found], [[BOB, []]])
})

test('a backend that cannot be asked fails alone, and only so many are asked at once', async () => {
  const domains = Array.from({ length: FAN_OUT_MAX + 3 }, (_, number) => Domain.parse(`n${number}.example`))
  let asking = 0
  let most = 0
  const { answers, failed } = await askEach(domains, context, async (domain) => {
    asking += 1
    most = Math.max(most, asking)
    await new Promise((resolve) => setImmediate(resolve))
    asking -= 1
    if (domain === domains[1]) throw new FederationFailure({ domain, rpc: 'x' }, 521, 'gone', { detail: 'gone' })
    return domain.length
  })
  assert.deepEqual(failed, [domains[1]])
  assert.equal(answers.size, domains.length - 1)
  assert.equal(most, FAN_OUT_MAX)
})

test('when the time for all is over, who has not answered counts as failed', async () => {
  const domains = Array.from({ length: FAN_OUT_MAX + 2 }, (_, number) => Domain.parse(`n${number}.example`))
  const never = new Promise<never>(() => {})
  const ask = (domain: Domain) => (domain === domains[0] ? Promise.resolve('here') : never)
  const { answers, failed } = await askEach(domains, context, ask, 20)
  assert.deepEqual([...answers], [[domains[0], 'here']])
  assert.deepEqual(failed, domains.slice(1))
})

test('our own fault while asking is not taken for the fault of the other backend', async () => {
  await assert.rejects(
    askEach([B], context, () => Promise.reject(new TypeError('bug'))),
    TypeError,
  )
})

test('users are grouped by domain, each once', () => {
  const users = [
    { domain: B, id: BOB },
    { domain: C, id: BRAD },
    { domain: B, id: BOB },
  ]
  assert.deepEqual(
    [...byDomain(users)],
    [
      [B, [BOB]],
      [C, [BRAD]],
    ],
  )
})
