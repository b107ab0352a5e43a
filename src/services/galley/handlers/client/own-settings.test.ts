import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { A, B, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'
import { startGroup, type TestGroup } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley)
})

const UNTOUCHED = {
  service: null,
  status: 0,
  status_ref: '0.0',
  status_time: '1970-01-01T00:00:00.000Z',
  otr_muted_status: null,
  otr_muted_ref: null,
  otr_archived: false,
  otr_archived_ref: null,
  hidden: false,
  hidden_ref: null,
}

const seen = async (user: QualifiedUserId, params: object = group.at) => {
  const answer = await galley.as(user, 'get-own-member', { params: params as TestGroup['at'] })
  return answer.outcome === 'found' ? answer.body : answer.outcome
}

const set = (user: QualifiedUserId, body: object, params: object = group.at) =>
  galley.as(user, 'update-own-member', { params: params as TestGroup['at'], body })

const MUTED = { otr_muted_status: 1, otr_archived: true, hidden: true }

test('CNV-036: nothing is set up in the beginning', async () => {
  const { alex } = group
  const expected = { qualified_id: alex, id: alex.id, conversation_role: 'wire_member', ...UNTOUCHED }
  assert.deepEqual(await seen(alex), expected)
  assert.deepEqual(await seen(alex, { conversation: group.id }), expected)
  assert.equal(await seen(person()), 'not-found')
})

test('CNV-035: what somebody sets up for himself is told to his own devices only', async () => {
  const { alice, alex, id } = group
  assert.deepEqual(await set(alice, { ...MUTED, otr_muted_ref: null }), { outcome: 'done' })
  const { told, letters } = await galley.queued()
  assert.deepEqual(letters, [])
  assert.deepEqual(
    told.map(({ user, event }) => [user, event]),
    [
      [
        alice.id,
        {
          type: 'conversation.member-update',
          conversation: id,
          qualified_conversation: { domain: A, id },
          from: alice.id,
          qualified_from: alice,
          time: told[0]?.event['time'],
          data: { qualified_target: alice, target: alice.id, ...MUTED },
        },
      ],
    ],
  )
  assert.deepEqual(told[0]?.push.origin, { user: alice.id, connection: '7' })
  const settings = { ...UNTOUCHED, ...MUTED }
  assert.deepEqual(await seen(alice), {
    qualified_id: alice,
    id: alice.id,
    conversation_role: 'wire_admin',
    ...settings,
  })
  assert.deepEqual(await set(alice, { hidden: false, hidden_ref: 'x' }), { outcome: 'done' })
  assert.deepEqual(await seen(alice), {
    qualified_id: alice,
    id: alice.id,
    conversation_role: 'wire_admin',
    ...settings,
    hidden: false,
    hidden_ref: 'x',
  })
  const others = await seen(alex)
  assert.ok(typeof others === 'object')
  assert.equal(others.hidden, false)
})

test('CNV-035: it is kept here for conversations of others too, and no owner hears of it', async () => {
  const { alice, bob } = group
  const { domain, id: conversation } = await broughtInto(galley, bob, [alice])
  const params = { domain, conversation }
  await galley.queued()
  galley.backends.plays(B, {})
  assert.deepEqual(await set(alice, MUTED, params), { outcome: 'done' })
  assert.deepEqual(galley.backends.calls, [])
  const { told, letters } = await galley.queued()
  assert.deepEqual([told.map(({ user }) => user), letters], [[alice.id], []])
  const metadata = { type: 0, creator: bob.id, access: [], access_role: [] }
  const shown = { id: params.conversation, metadata, members: { self_role: 'wire_member', others: [] } }
  galley.backends.plays(B, {
    rpcs: { 'get-conversations': () => ({ convs: [{ ...shown, protocol: { protocol: 'proteus' } }] }) },
  })
  const expected = { qualified_id: alice, id: alice.id, conversation_role: 'wire_member', ...UNTOUCHED, ...MUTED }
  assert.deepEqual(await seen(alice, params), expected)
})

test('CNV-035: the conversation with oneself can be muted too', async () => {
  const alice = person()
  const params = { domain: A, conversation: alice.id }
  assert.deepEqual(await set(alice, MUTED, params), { outcome: 'done' })
  const found = await seen(alice, params)
  assert.ok(typeof found === 'object')
  assert.equal(found.otr_muted_status, 1)
})

test('nothing is set up where one is not, and nothing by setting nothing', async () => {
  const stranger = person()
  for (const domain of [A, B]) {
    const params = { domain, conversation: group.id }
    assert.deepEqual(await set(stranger, MUTED, params), { outcome: 'not-found' })
  }
  await assert.rejects(set(group.alice, { otr_archived: null }), /400/)
  await assert.rejects(set(group.alice, { otr_muted_ref: 'x'.repeat(257) }), /400/)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})
