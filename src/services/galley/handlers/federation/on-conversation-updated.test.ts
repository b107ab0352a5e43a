import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { QualifiedConversationId, QualifiedUserId } from '#src/contract/ids.ts'
import { eventually } from '#src/storage/testing.ts'
import { B, C, person, startTestGalley, type TestGalley, type Told } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'

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
  conversation = await broughtInto(galley, bob, [alice, alex])
})

const idsOf = async (user: QualifiedUserId): Promise<string[]> => {
  const page = await galley.as(user, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  return page.body.qualified_conversations.filter(({ domain }) => domain === B).map(({ id }) => id)
}

const told = async () => (await galley.queued()).told

/** Who was told what, in a fixed order. */
const kinds = (all: readonly Told[]) => all.map(({ user, event }) => `${user} ${String(event['type'])}`).toSorted()

const each = (type: string, ...users: readonly QualifiedUserId[]) => users.map(({ id }) => `${id} ${type}`).toSorted()

interface Update {
  readonly action: object
  readonly from?: QualifiedUserId
  readonly present?: readonly QualifiedUserId[]
  readonly extra?: object
}

const updated = ({ action, from = bob, present = [alice, alex], extra = {} }: Update) => ({
  time: '2026-01-02T00:00:00Z',
  origUserId: from,
  convId: conversation.id,
  alreadyPresentUsers: present.map(({ id }) => id),
  action,
  ...extra,
})

const update = async (given: Update, context?: { requestId?: string }) => {
  const { status, body } = await galley.from(B, 'on-conversation-updated', updated(given), context)
  assert.deepEqual([status, body], [200, {}])
}

const join = (...users: readonly QualifiedUserId[]) => ({
  tag: 'ConversationJoinTag',
  action: { users, role: 'wire_member' },
})

test('present members and those who join hear of the joining, and the latter become members', async () => {
  await told()
  const [anna, chad] = [person(), person(C)]
  galley.parts.connects(bob, anna)
  await update({ action: join(anna, chad) })
  const all = await told()
  assert.deepEqual(kinds(all), each('conversation.member-join', alice, alex, anna))
  assert.deepEqual(all[0]?.event, {
    type: 'conversation.member-join',
    conversation: conversation.id,
    qualified_conversation: conversation,
    from: bob.id,
    qualified_from: bob,
    time: '2026-01-02T00:00:00.000Z',
    data: {
      users: [anna, chad].map((user) => ({ qualified_id: user, id: user.id, conversation_role: 'wire_member' })),
      user_ids: [anna.id, chad.id],
      add_type: 'internal_add',
    },
  })
  assert.deepEqual(await idsOf(anna), [conversation.id])
})

test('users of ours who are not connected with the one who adds them are not added, nor named', async () => {
  await told()
  const [stranger, chad] = [person(), person(C)]
  await update({ action: join(stranger, chad) })
  const all = await told()
  assert.deepEqual(kinds(all), each('conversation.member-join', alice, alex))
  assert.deepEqual((all[0]?.event['data'] as { user_ids: string[] } | undefined)?.user_ids, [chad.id])
  assert.deepEqual(await idsOf(stranger), [])
  await update({ action: join(stranger) })
  assert.deepEqual(await told(), [])
})

test('who joins by himself needs no connection', async () => {
  await told()
  const anna = person()
  await update({ action: join(anna), from: anna })
  assert.deepEqual(await idsOf(anna), [conversation.id])
})

test('who leaves or is removed hears of it last and is no member any more', async () => {
  await told()
  await update({ action: { tag: 'ConversationLeaveTag', action: {} }, from: alex })
  const left = await told()
  assert.deepEqual(kinds(left), each('conversation.member-leave', alice, alex))
  assert.deepEqual(left[0]?.event['data'], { reason: 'left', qualified_user_ids: [alex], user_ids: [alex.id] })
  assert.deepEqual(await idsOf(alex), [])

  const targets = [alice, person(C)]
  await update({ action: { tag: 'ConversationRemoveMembersTag', action: { targets, reason: 'removed' } } })
  const removed = await told()
  assert.deepEqual(kinds(removed), each('conversation.member-leave', alice))
  assert.deepEqual(removed[0]?.event['data'], {
    reason: 'removed',
    qualified_user_ids: targets,
    user_ids: targets.map(({ id }) => id),
  })
  assert.deepEqual(await idsOf(alice), [])
})

test('a deleted conversation is gone for all of ours', async () => {
  await told()
  await update({ action: { tag: 'ConversationDeleteTag', action: {} }, present: [alice] })
  assert.deepEqual(kinds(await told()), each('conversation.delete', alice))
  assert.deepEqual(await idsOf(alice), [])
  assert.deepEqual(await idsOf(alex), [])
})

test('every other change is told to the present members and changes nothing here', async () => {
  await told()
  const target = { domain: B, id: bob.id }
  const changes: [object, string, unknown, object?][] = [
    [{ tag: 'ConversationRenameTag', action: { name: 'new' } }, 'conversation.rename', { name: 'new' }],
    [
      { tag: 'ConversationMessageTimerUpdateTag', action: { message_timer: null } },
      'conversation.message-timer-update',
      { message_timer: null },
    ],
    [
      { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } },
      'conversation.receipt-mode-update',
      { receipt_mode: 1 },
    ],
    [
      { tag: 'ConversationAccessDataTag', action: { access: ['invite', 'code'], access_role: ['guest'] } },
      'conversation.access-update',
      { access: ['invite', 'code'], access_role: 'non_activated', access_role_v2: ['guest'] },
    ],
    [
      { tag: 'ConversationMemberUpdateTag', action: { target, update: { conversation_role: 'wire_admin' } } },
      'conversation.member-update',
      { qualified_target: target, target: bob.id, conversation_role: 'wire_admin' },
    ],
    [{ tag: 'ConversationUpdateProtocolTag', action: 'mixed' }, 'conversation.protocol-update', { protocol: 'mixed' }],
    [
      { tag: 'ConversationUpdateAddPermissionTag', action: { add_permission: 'admins' } },
      'conversation.add-permission-update',
      { add_permission: 'admins' },
    ],
    [
      { tag: 'ConversationResetTag', action: { group_id: 'AAAA', epoch: 7 } },
      'conversation.mls-reset',
      { group_id: 'AAAA', new_group_id: 'BBBB' },
      { extraConversationData: { group_id: 'BBBB' } },
    ],
  ]
  for (const [action, type, data, extra] of changes) {
    await update({ action, ...(extra && { extra }) })
    const all = await told()
    assert.deepEqual(kinds(all), each(type, alice, alex))
    assert.deepEqual(all[0]?.event['data'], data)
  }
  assert.deepEqual(await idsOf(alice), [conversation.id])
})

test('a change of the history is told to nobody, because no client knows it', async () => {
  await told()
  await update({ action: { tag: 'ConversationHistoryUpdateTag', action: { depth: 'infinite' } } })
  assert.deepEqual(await told(), [])
})

test('users who are not on record are never told, whatever the owner says', async () => {
  await told()
  await update({ action: { tag: 'ConversationRenameTag', action: { name: 'spam' } }, present: [person(), alice] })
  assert.deepEqual(kinds(await told()), each('conversation.rename', alice))
})

test('a backend speaks only of its own conversations', async () => {
  await told()
  const rename = updated({ action: { tag: 'ConversationRenameTag', action: { name: 'x' } } })
  const remove = updated({ action: { tag: 'ConversationDeleteTag', action: {} } })
  for (const body of [rename, remove]) assert.equal((await galley.from(C, 'on-conversation-updated', body)).status, 200)
  assert.deepEqual(await told(), [])
  assert.deepEqual(await idsOf(alice), [conversation.id])
})

test('a repeated update changes and tells nothing, also when much has happened since', async () => {
  await told()
  const remove = { tag: 'ConversationRemoveMembersTag', action: { targets: [alice], reason: 'removed' } }
  await update({ action: remove }, { requestId: 'r1' })
  await update({ action: join(alice) })
  await told()
  await update({ action: remove }, { requestId: 'r1' })
  assert.deepEqual(await told(), [])
  assert.deepEqual(await idsOf(alice), [conversation.id])
})

const remembered = async (): Promise<number> => {
  const { rows } = await sql<{ count: string }>`select count(*) as count from galley.heard`.execute(galley.db)
  return Number(rows[0]?.count)
}

test('what was heard is forgotten after three days', async () => {
  const rename = { tag: 'ConversationRenameTag', action: { name: 'new' } }
  await update({ action: rename }, { requestId: 'old' })
  await told()
  await sql`update galley.heard set at = at - interval '3 days 1 second'`.execute(galley.db)
  await galley.restart()
  await eventually(async () => (await remembered()) === 0, 'everything heard was forgotten')
  await update({ action: rename }, { requestId: 'old' })
  assert.equal((await told()).length, 2)
})

test('CNV-057: an update in the form of version 0 means the same', async () => {
  await told()
  const { status, body } = await galley.from(
    B,
    'on-conversation-updated',
    {
      cuTime: '2026-01-02T00:00:00Z',
      cuOrigUserId: bob,
      cuConvId: conversation.id,
      cuAlreadyPresentUsers: [alice.id],
      cuAction: { tag: 'ConversationRenameTag', action: { name: 'old style' } },
    },
    { version: 0 },
  )
  assert.deepEqual([status, body], [200, {}])
  assert.deepEqual(kinds(await told()), each('conversation.rename', alice))
})

test('the answer waits until the events have arrived, and says so when they do not', async () => {
  await told()
  const rename = { tag: 'ConversationRenameTag', action: { name: 'late' } }
  galley.parts.isDelivered = false
  const refused = await galley.from(B, 'on-conversation-updated', updated({ action: rename }), { requestId: 'late' })
  assert.equal(refused.status, 503)
  galley.parts.isDelivered = true
  await update({ action: rename }, { requestId: 'late' })
  assert.equal((await told()).length, 2)
})

test('what cannot be decoded is refused with the one label that a queue gives up on', async () => {
  for (const rpc of ['on-message-sent', 'on-conversation-updated', 'on-conversation-created']) {
    const { status, body } = await galley.from(B, rpc, { nonsense: true })
    assert.equal(status, 400)
    assert.equal((body as { label: string }).label, 'bad-request')
  }
})
