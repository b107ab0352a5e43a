/** Members on other backends change conversations of ours, through their backends. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { A, B, C, person, startTestGalley, type TestGalley } from '../../testing.ts'
import {
  friendOf,
  idsOf,
  membersSeenBy,
  nameOf,
  startGroup,
  type TestGroup,
  updatesIn,
  whoHeard,
} from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley)
})

const leave = (user: QualifiedUserId, conversation: string = group.id, from = user.domain) =>
  galley.from(from, 'leave-conversation', { conv_id: conversation, leaver: user.id })

const change = (user: QualifiedUserId, action: object, conversation: string = group.id) =>
  galley.from(user.domain, 'update-conversation', { user: user.id, conv_id: conversation, action })

const promote = async (user: QualifiedUserId) => {
  const params = { ...group.at, userDomain: user.domain, user: user.id }
  await galley.as(group.alice, 'update-member', { params, body: { conversation_role: 'wire_admin' } })
  await galley.queued()
}

const refusal = (tag: string, contents?: string) => ({
  status: 200,
  body: {
    tag: 'ConversationUpdateResponseError',
    contents: { tag, ...(contents !== undefined && { contents }) },
  },
})

const RENAME = { tag: 'ConversationRenameTag', action: { name: 'theirs' } }

test('CNV-021: who leaves through his backend is gone; his own backend is not told, for it knows', async () => {
  const { alice, alex, bob, chad } = group
  assert.deepEqual(await leave(bob), { status: 200, body: { Right: [] } })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-leave'), idsOf(alice, alex))
  assert.deepEqual(queued.told[0]?.event['data'], {
    reason: 'left',
    qualified_user_ids: [bob],
    user_ids: [bob.id],
  })
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, origUserId, alreadyPresentUsers: present }]) => [
      domain,
      action.tag,
      origUserId,
      present,
    ]),
    [[C, 'ConversationLeaveTag', bob, [chad.id]]],
  )
  assert.equal((await membersSeenBy(galley, alice, group)).has(nameOf(bob)), false)
  const again = { status: 200, body: { Left: 'RemoveFromConversationErrorNotFound' } }
  assert.deepEqual(await leave(bob), again)
  assert.deepEqual(await leave(bob, person().id), again)
})

test('CNV-021: a backend can take away its own users only', async () => {
  const { bob } = group
  assert.deepEqual(await leave(bob, group.id, C), {
    status: 200,
    body: { Left: 'RemoveFromConversationErrorNotFound' },
  })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-021: nobody leaves a conversation of two', async () => {
  const { alice, bob } = group
  const conversation = { domain: A, id: person().id as never }
  const both = { self: alice.id, other: bob, conversation, selfIn: true, otherIn: true, kind: 'one2one' } as const
  await galley.align({ ...both, actor: 'self' })
  assert.deepEqual(await leave(bob, conversation.id), {
    status: 200,
    body: { Left: 'RemoveFromConversationErrorRemovalNotAllowed' },
  })
})

test('an admin elsewhere changes the receipt mode; his backend has the change as the answer', async () => {
  const { alice, alex, bob, chad } = group
  await promote(bob)
  const action = { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } }
  const { status, body } = await change(bob, action)
  const { contents } = body as { contents: { time: string } }
  assert.equal(status, 200)
  assert.deepEqual(body, {
    tag: 'ConversationUpdateResponseUpdate',
    contents: {
      time: contents.time,
      origUserId: bob,
      convId: group.id,
      alreadyPresentUsers: [bob.id],
      action,
      extraConversationData: null,
    },
  })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.receipt-mode-update'), idsOf(alice, alex))
  assert.deepEqual(queued.told[0]?.event['time'], contents.time)
  assert.deepEqual(
    updatesIn(queued).map(([domain, { alreadyPresentUsers: present }]) => [domain, present]),
    [[C, [chad.id]]],
  )
  assert.deepEqual(await change(bob, action), { status: 200, body: { tag: 'ConversationUpdateResponseNoChanges' } })
})

test('what a member elsewhere may not do is told by the name of the permission', async () => {
  const { alice, bob } = group
  assert.deepEqual(await change(bob, RENAME), refusal('ActionDenied', 'modify_conversation_name'))
  assert.deepEqual(await change(person(B), RENAME), refusal('ConvNotFound'))
  assert.deepEqual(await change(bob, RENAME, person().id), refusal('ConvNotFound'))
  // The user is one of the asking backend, whatever it says.
  assert.deepEqual(await change({ ...alice, domain: B }, RENAME), refusal('ConvNotFound'))
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('an admin elsewhere may do what admins here may', async () => {
  const { alex, bob, chad } = group
  await promote(bob)
  const actions = [
    RENAME,
    { tag: 'ConversationMessageTimerUpdateTag', action: { message_timer: 5 } },
    { tag: 'ConversationAccessDataTag', action: { access: ['invite', 'code'], access_role: ['non_team_member'] } },
    {
      tag: 'ConversationMemberUpdateTag',
      action: { target: alex, update: { conversation_role: 'wire_admin' } },
    },
    { tag: 'ConversationRemoveMembersTag', action: { targets: [chad], reason: 'removed' } },
    { tag: 'ConversationDeleteTag', action: {} },
  ]
  for (const action of actions) {
    const { body } = await change(bob, action)
    assert.equal((body as { tag: string }).tag, 'ConversationUpdateResponseUpdate', JSON.stringify([action, body]))
  }
  assert.deepEqual(await galley.as(alex, 'get-conversation', { params: group.at }), { outcome: 'not-found' })
})

test('nobody elsewhere brings people in, not even an admin', async () => {
  const { alice, bob } = group
  await promote(bob)
  const amy = friendOf(galley, alice)
  const join = { tag: 'ConversationJoinTag', action: { users: [amy], role: 'wire_member' } }
  const { status, body } = await change(bob, join)
  assert.deepEqual([status, (body as { label: string }).label], [422, 'federation-not-implemented'])
  const higher = { tag: 'ConversationJoinTag', action: { users: [amy], role: 'wire_admin' } }
  assert.deepEqual(await change(group.chad, higher), refusal('ActionDenied', 'add_conversation_member'))
})

test('what is refused whoever asks', async () => {
  const { bob } = group
  await promote(bob)
  const tooLong = await change(bob, { tag: 'ConversationRenameTag', action: { name: 'x'.repeat(257) } })
  assert.deepEqual([tooLong.status, (tooLong.body as { label: string }).label], [400, 'client-error'])
  const cases: [object, ReturnType<typeof refusal>][] = [
    [{ tag: 'ConversationUpdateProtocolTag', action: 'mixed' }, refusal('ConvInvalidProtocolTransition')],
    [
      { tag: 'ConversationUpdateAddPermissionTag', action: { add_permission: 'everyone' } },
      refusal('InvalidTargetAccess'),
    ],
    [
      { tag: 'ConversationAccessDataTag', action: { access: ['private'], access_role: ['guest'] } },
      refusal('InvalidTargetAccess'),
    ],
    [{ tag: 'ConversationResetTag', action: { group_id: 'AQ==', epoch: 1 } }, refusal('InvalidOperation')],
    [{ tag: 'ConversationHistoryUpdateTag', action: { depth: 'infinite' } }, refusal('HistoryNotSupported')],
    [
      {
        tag: 'ConversationMemberUpdateTag',
        action: { target: person(C), update: { conversation_role: 'wire_member' } },
      },
      refusal('ConvMemberNotFound'),
    ],
  ]
  for (const [action, expected] of cases) assert.deepEqual(await change(bob, action), expected)
})
