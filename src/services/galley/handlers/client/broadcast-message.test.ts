import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type ClientId, type QualifiedUserId, TeamId } from '#src/contract/ids.ts'
import { encodeProteusMessage, type MismatchStrategy } from '#src/rpc/proteus.ts'
import { BROADCAST_USERS_MAX } from '../../limits.ts'
import { A, B, client, person, startTestGalley, type TestGalley } from '../../testing.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let team: TeamId
let alice: QualifiedUserId
let mate: QualifiedUserId
let contact: QualifiedUserId
beforeEach(async () => {
  team = TeamId.parse(person().id)
  alice = somebody(['a1', 'a2'], team)
  mate = somebody(['e1'], team)
  contact = somebody(['c1'])
  galley.parts.connects(alice, contact)
  await galley.queued()
})

const somebody = (devices: readonly string[], of?: TeamId): QualifiedUserId => {
  const user = person()
  galley.parts.registers(user, { clients: devices.map(client), ...(of && { team: of }) })
  return user
}

type To = readonly (readonly [QualifiedUserId, string])[]

const everybody = (): To => [
  [alice, 'a2'],
  [mate, 'e1'],
  [contact, 'c1'],
]

const broadcast = (to: To, strategy: MismatchStrategy = { kind: 'report-all' }, as = alice) => {
  const recipients = new Map<QualifiedUserId['domain'], Map<QualifiedUserId['id'], Map<ClientId, Uint8Array>>>()
  for (const [{ domain, id }, device] of to) {
    const users = recipients.get(domain) ?? new Map()
    recipients.set(domain, users.set(id, new Map([[client(device), Buffer.from(`for ${device}`)]])))
  }
  const common = { nativePush: false, blob: Buffer.from(''), priority: undefined, transient: false } as const
  const body = encodeProteusMessage({ ...common, sender: client('a1'), recipients, strategy })
  return galley.as(as, 'broadcast-message', { body }, { headers: { 'content-type': 'application/x-protobuf' } })
}

const missing = (...entries: To) =>
  entries.length === 0 ? {} : { [A]: Object.fromEntries(entries.map(([{ id }, device]) => [id, [device]])) }

test('a broadcast reaches team mates, contacts and own other devices, by way of the conversation with oneself', async () => {
  const answer = await broadcast(everybody())
  assert.ok(answer.outcome === 'sent', answer.outcome)
  const { told, letters } = await galley.queued()
  assert.deepEqual(letters, [])
  assert.deepEqual(
    new Map(told.map(({ user, clients }) => [user, clients])),
    new Map([
      [alice.id, ['a2']],
      [mate.id, ['e1']],
      [contact.id, ['c1']],
    ]),
  )
  const events = told.map(({ event }) => event)
  assert.deepEqual(
    events.map(({ type, qualified_conversation: place, qualified_from: from, time }) => [type, place, from, time]),
    told.map(() => ['conversation.otr-message-add', { domain: A, id: alice.id }, alice, answer.body.time]),
  )
})

test('a broadcast that forgets a device is sent to nobody, unless its strategy lets that pass', async () => {
  const forgetful = everybody().slice(0, 2)
  const refused = await broadcast(forgetful)
  assert.ok(refused.outcome === 'mismatch', refused.outcome)
  assert.deepEqual(refused.body.missing, missing([contact, 'c1']))
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  assert.equal((await broadcast(forgetful, { kind: 'ignore-all' })).outcome, 'sent')
  assert.equal((await broadcast(forgetful, { kind: 'ignore-only', users: [contact] })).outcome, 'sent')
})

test('a broadcast is not for strangers, for who blocked the sender, nor for people of other backends', async () => {
  const [stranger, elsewhere, blocker] = [somebody(['d1']), person(B), somebody(['f1'])]
  galley.parts.connects(alice, elsewhere)
  galley.parts.connects(alice, blocker, { own: 'accepted', back: 'blocked' })
  const answer = await broadcast([...everybody(), [stranger, 'd1'], [elsewhere, 'b1'], [blocker, 'f1']])
  assert.ok(answer.outcome === 'sent', answer.outcome)
  assert.deepEqual(answer.body.redundant, {
    [A]: { [stranger.id]: ['d1'], [blocker.id]: ['f1'] },
    [B]: { [elsewhere.id]: ['b1'] },
  })
  const { told, letters } = await galley.queued()
  assert.deepEqual([told.length, letters], [3, []])
})

test('a broadcast needs a team, a device of the sender and a circle of bounded size', async () => {
  assert.deepEqual(await broadcast([], { kind: 'ignore-all' }, contact), { outcome: 'no-team' })
  const stranger = somebody(['f1'], team)
  assert.deepEqual(await broadcast([], { kind: 'ignore-all' }, stranger), { outcome: 'unknown-client' })
  for (let count = 0; count <= BROADCAST_USERS_MAX; count += 1) somebody([], team)
  assert.deepEqual(await broadcast(everybody()), { outcome: 'too-many-users' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('broadcasts of one sender have rising times, also when the clock stands', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => broadcast(everybody())))
  const times = answers.map((answer) => ('body' in answer ? answer.body.time : ''))
  assert.equal(new Set(times).size, 5)
})
