import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationId, type QualifiedConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import { B, person, startTestGalley, type TestGalley, type Told } from '../../testing.ts'
import { creation as creationOf } from '../../testing-elsewhere.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let alice: QualifiedUserId
let alex: QualifiedUserId
let bob: QualifiedUserId
let conversation: QualifiedConversationId

// bob@B has made a conversation in which he has alice and alex of ours.
beforeEach(async () => {
  ;[alice, alex, bob] = [person(), person(), person(B)]
  for (const user of [alice, alex]) galley.parts.connects(bob, user)
  conversation = { domain: B, id: ConversationId.parse(person().id) }
  const { status } = await galley.from(B, 'on-conversation-created', creation([alice, alex]))
  assert.equal(status, 200)
})

const creation = (members: readonly QualifiedUserId[], more: object = {}) =>
  creationOf({ id: conversation.id, creator: bob, members }, more)

const idsOf = async (user: QualifiedUserId): Promise<string[]> => {
  const page = await galley.as(user, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  return page.body.qualified_conversations.filter(({ domain }) => domain === B).map(({ id }) => id)
}

const told = async () => (await galley.queued()).told

/** Who was told what, in a fixed order. */
const kinds = (all: readonly Told[]) => all.map(({ user, event }) => `${user} ${String(event['type'])}`).toSorted()

const each = (type: string, ...users: readonly QualifiedUserId[]) => users.map(({ id }) => `${id} ${type}`).toSorted()

test('CNV-008: connected users become members and see the new conversation from their own point of view', async () => {
  const all = await told()
  assert.deepEqual(kinds(all), each('conversation.create', alice, alex))
  const { data, ...envelope } = all[0]?.event ?? {}
  assert.deepEqual(envelope, {
    type: 'conversation.create',
    conversation: conversation.id,
    qualified_conversation: conversation,
    from: bob.id,
    qualified_from: bob,
    time: '2026-01-01T00:00:00.500Z',
  })
  const { members, ...rest } = data as {
    members: { self: { qualified_id: unknown }; others: { qualified_id: unknown }[] }
  }
  assert.deepEqual(rest, {
    qualified_id: conversation,
    id: conversation.id,
    type: 0,
    creator: bob.id,
    name: 'theirs',
    team: null,
    access: ['invite'],
    access_role: 'activated',
    access_role_v2: ['team_member', 'non_team_member', 'service'],
    message_timer: null,
    receipt_mode: null,
    last_event: '0.0',
    last_event_time: '1970-01-01T00:00:00.000Z',
    protocol: 'proteus',
    group_conv_type: 'group_conversation',
    add_permission: null,
    cells_state: 'disabled',
  })
  assert.deepEqual(members.self.qualified_id, alice)
  assert.deepEqual(
    members.others.map(({ qualified_id: other }) => other),
    [bob, alex],
  )
  assert.deepEqual(await idsOf(alice), [conversation.id])
})

test('CNV-008: users who are not connected with the creator neither become members nor hear of it', async () => {
  await told()
  const [anna, blocked] = [person(), person()]
  galley.parts.connects(bob, blocked, { own: 'accepted', back: 'blocked' })
  conversation = { domain: B, id: ConversationId.parse(person().id) }
  const { status, body } = await galley.from(B, 'on-conversation-created', creation([alice, anna, blocked]))
  assert.deepEqual([status, body], [200, {}])
  assert.deepEqual(kinds(await told()), each('conversation.create', alice))
  assert.deepEqual(await idsOf(anna), [])
  assert.deepEqual(await idsOf(blocked), [])
})

test('a creation told twice is heard once', async () => {
  await told()
  const again = creation([alice])
  await galley.from(B, 'on-conversation-created', again, { requestId: 'r1' })
  await galley.from(B, 'on-conversation-created', again, { requestId: 'r1' })
  assert.deepEqual(kinds(await told()), each('conversation.create', alice))
})

test('a creation is not refused because our own queue is behind', async () => {
  galley.parts.isDelivered = false
  conversation = { domain: B, id: ConversationId.parse(person().id) }
  const { status } = await galley.from(B, 'on-conversation-created', creation([alice]))
  galley.parts.isDelivered = true
  assert.equal(status, 200)
  assert.ok((await idsOf(alice)).includes(conversation.id))
})

test('FED-039: which protocols are federated binds the backend that hosts a conversation, and no guest', async () => {
  await using mlsOnly = await startTestGalley(undefined, { federatedProtocols: ['mls'] })
  mlsOnly.parts.connects(bob, alice)
  const { status } = await mlsOnly.from(B, 'on-conversation-created', creation([alice]))
  assert.equal(status, 200)
  assert.deepEqual(kinds((await mlsOnly.queued()).told), each('conversation.create', alice))
  const page = await mlsOnly.as(alice, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  assert.ok(page.body.qualified_conversations.some(({ id }) => id === conversation.id))
})
