/** Users of ours change conversations of other backends, which decide. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { ConversationId, QualifiedUserId } from '#src/contract/ids.ts'
import { A, B, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'
import { DOWN, idsOf, whoHeard } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let alice: QualifiedUserId
let alex: QualifiedUserId
let bob: QualifiedUserId
let conversation: { domain: typeof B; conversation: ConversationId }

// bob@B has made a conversation in which he has alice and alex of ours.
beforeEach(async () => {
  ;[alice, alex, bob] = [person(), person(), person(B)]
  for (const user of [alice, alex]) galley.parts.registers(user)
  const { id } = await broughtInto(galley, bob, [alice, alex])
  conversation = { domain: B, conversation: id }
  await galley.queued()
})

const answers = (rpc: string, answer: object): void => galley.backends.plays(B, { rpcs: { [rpc]: () => answer } })

const leave = (user = alice) =>
  galley.as(user, 'remove-member', { params: { ...conversation, userDomain: A, user: user.id } })

const setReceiptMode = (user = alice) =>
  galley.as(user, 'set-receipt-mode', { params: conversation, body: { receipt_mode: 1 } })

const isListed = async (user: QualifiedUserId): Promise<boolean> => {
  const page = await galley.as(user, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  return page.body.qualified_conversations.some(({ id }) => id === conversation.conversation)
}

test('CNV-021: the owner is asked, and all of ours hear of the leaving from us', async () => {
  answers('leave-conversation', { Right: [] })
  const answer = await leave()
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(galley.backends.calls, [
    { domain: B, rpc: 'leave-conversation', input: { conv_id: conversation.conversation, leaver: alice.id } },
  ])
  const { domain, conversation: id } = conversation
  assert.deepEqual(answer.body, {
    type: 'conversation.member-leave',
    conversation: id,
    qualified_conversation: { domain, id },
    from: alice.id,
    qualified_from: alice,
    time: answer.body.time,
    data: { reason: 'left', qualified_user_ids: [alice], user_ids: [alice.id] },
  })
  const { told, letters } = await galley.queued()
  assert.deepEqual(whoHeard(told, 'conversation.member-leave'), idsOf(alice, alex))
  assert.deepEqual(told[0]?.push.origin, { user: alice.id, connection: '7' })
  assert.deepEqual(letters, [])
  assert.deepEqual([await isListed(alice), await isListed(alex)], [false, true])
  galley.backends.plays(B, {})
  assert.deepEqual(await leave(), { outcome: 'not-found' })
})

test('CNV-021: while the owner is away nobody leaves', async () => {
  galley.backends.plays(B, DOWN)
  await assert.rejects(leave(), /answered 521: .*federation-connection-refused/)
  assert.equal(await isListed(alice), true)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-021: whom the owner does not take for a member is none, and only he is told', async () => {
  answers('leave-conversation', { Left: 'RemoveFromConversationErrorNotFound' })
  assert.deepEqual(await leave(), { outcome: 'not-found' })
  assert.equal(await isListed(alice), false)
  assert.deepEqual(whoHeard((await galley.queued()).told, 'conversation.member-leave'), idsOf(alice))
})

test('CNV-021: what else the owner may say', async () => {
  answers('leave-conversation', { Left: 'RemoveFromConversationErrorRemovalNotAllowed' })
  assert.deepEqual(await leave(), { outcome: 'action-denied' })
  answers('leave-conversation', { Left: 'RemoveFromConversationErrorUnchanged' })
  assert.deepEqual(await leave(), { outcome: 'unchanged' })
  assert.deepEqual([await isListed(alice), await galley.queued()], [true, { letters: [], told: [] }])
})

test('CNV-021: members elsewhere are removed by themselves only, and strangers trouble no owner', async () => {
  galley.backends.plays(B, {})
  const other = { ...conversation, userDomain: A, user: alex.id }
  assert.deepEqual(await galley.as(alice, 'remove-member', { params: other }), { outcome: 'action-denied' })
  assert.deepEqual(await leave(person()), { outcome: 'not-found' })
  assert.deepEqual(await setReceiptMode(person()), { outcome: 'not-found' })
  assert.deepEqual(galley.backends.calls, [])
})

const updated = (contents: object) => ({
  tag: 'ConversationUpdateResponseUpdate',
  contents: {
    time: '2026-01-03T00:00:00Z',
    origUserId: alice,
    convId: conversation.conversation,
    alreadyPresentUsers: [alice.id, alex.id],
    action: { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } },
    ...contents,
  },
})

test('FED-040: the receipt mode is changed by the owner, and its answer is told to ours', async () => {
  answers('update-conversation', updated({}))
  const answer = await setReceiptMode()
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(
    [answer.body.type, answer.body.time, answer.body.data],
    ['conversation.receipt-mode-update', '2026-01-03T00:00:00.000Z', { receipt_mode: 1 }],
  )
  assert.deepEqual(galley.backends.calls[0]?.input, {
    user: alice.id,
    conv_id: conversation.conversation,
    action: { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } },
  })
  const { told } = await galley.queued()
  assert.deepEqual(whoHeard(told, 'conversation.receipt-mode-update'), idsOf(alice, alex))
  assert.deepEqual(told[0]?.push.origin, { user: alice.id, connection: '7' })
})

test('an owner’s answer reaches nobody but members of the conversation it was asked about', async () => {
  const stranger = person()
  answers('update-conversation', updated({ convId: person().id, alreadyPresentUsers: [alex.id, stranger.id] }))
  const answer = await setReceiptMode()
  assert.ok(answer.outcome === 'event')
  assert.equal(answer.body.conversation, conversation.conversation)
  assert.deepEqual(whoHeard((await galley.queued()).told, 'conversation.receipt-mode-update'), idsOf(alex))
})

test('what the owner may say against it is told as itself, everything else as its fault', async () => {
  const error = (contents: object) =>
    answers('update-conversation', { tag: 'ConversationUpdateResponseError', contents })
  answers('update-conversation', { tag: 'ConversationUpdateResponseNoChanges' })
  assert.deepEqual(await setReceiptMode(), { outcome: 'unchanged' })
  error({ tag: 'ActionDenied', contents: 'modify_conversation_receipt_mode' })
  assert.deepEqual(await setReceiptMode(), { outcome: 'action-denied' })
  error({ tag: 'MLSReadReceiptsNotAllowed' })
  assert.deepEqual(await setReceiptMode(), { outcome: 'mls-receipts-not-allowed' })
  error({ tag: 'TooManyTeamMembers' })
  await assert.rejects(setReceiptMode(), /answered 533: .*federation-unexpected-body/)
  answers('update-conversation', {
    tag: 'ConversationUpdateResponseUnreachableBackends',
    contents: { unreachable_backends: [] },
  })
  await assert.rejects(setReceiptMode(), /answered 533: .*federation-unexpected-body/)
  galley.backends.plays(B, DOWN)
  await assert.rejects(setReceiptMode(), /answered 521: .*federation-connection-refused/)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})
