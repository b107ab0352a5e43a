import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { eventually } from '#src/storage/testing.ts'
import { A, B, C, person, startTestGalley, type TestGalley, toldBy } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'
import { DOWN, startGroup, type TestGroup, whoHeard } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley)
  galley.parts.gundeck.calls.length = 0
})

const STARTED = { status: 'started' } as const

const type = (user = group.alice, params: object = group.at) =>
  galley.as(user, 'post-typing', { params: params as TestGroup['at'], body: STARTED })

/** What gundeck was asked to push, which is not waited for by anybody. */
const pushedTo = async (...users: readonly { readonly id: string }[]) => {
  await eventually(async () => galley.parts.gundeck.calls.length > 0, 'somebody was told')
  const told = galley.parts.gundeck.calls.flatMap(({ input }) => toldBy((input as { body: unknown }).body))
  assert.deepEqual(whoHeard(told, 'conversation.typing'), users.map(({ id }) => id).toSorted())
  assert.ok(told.every(({ push }) => push.transient))
  return told
}

const playsTyping = (domain: typeof B) =>
  galley.backends.plays(domain, { rpcs: { 'on-typing-indicator-updated': () => ({}) } })

test('CNV-037: others hear who types, on every backend, and no device of his own does', async () => {
  const { alice, alex, bob, chad, id } = group
  playsTyping(B)
  playsTyping(C)
  assert.deepEqual(await type(), { outcome: 'told' })
  const [told] = await pushedTo(alex)
  assert.deepEqual(told?.event, {
    type: 'conversation.typing',
    conversation: id,
    qualified_conversation: { domain: A, id },
    from: alice.id,
    qualified_from: alice,
    time: told?.event['time'],
    data: STARTED,
  })
  await eventually(async () => galley.backends.calls.length === 2, 'both backends were told')
  assert.deepEqual(
    new Map(
      galley.backends.calls.map(({ domain, input }) => [domain, { ...(input as { time: string }), time: undefined }]),
    ),
    new Map(
      [bob, chad].map((user) => [
        user.domain,
        { time: undefined, orig_user_id: alice, conv_id: id, users_in_conv: [user.id], typing_status: STARTED },
      ]),
    ),
  )
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-037: a backend that is down makes no difference, and nothing is kept for it', async () => {
  galley.backends.plays(B, DOWN)
  galley.backends.plays(C, DOWN)
  assert.deepEqual(await type(), { outcome: 'told' })
  await pushedTo(group.alex)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-037: only members type, and only what typing is', async () => {
  assert.deepEqual(await type(person()), { outcome: 'not-found' })
  assert.deepEqual(await type(group.alice, { domain: A, conversation: person().id }), { outcome: 'not-found' })
  const body = { status: 'x' } as never
  await assert.rejects(galley.as(group.alice, 'post-typing', { params: group.at, body }), /400/)
})

test('CNV-037: a member elsewhere types; his backend tells its own users', async () => {
  const { alice, alex, bob, chad, id } = group
  playsTyping(C)
  const asked = { typing_status: STARTED, user_id: bob.id, conv_id: id }
  const { body } = await galley.from(B, 'update-typing-indicator', asked)
  const { contents } = body as { contents: { time: string } }
  assert.deepEqual(body, {
    tag: 'TypingDataUpdateSuccess',
    contents: { time: contents.time, orig_user_id: bob, conv_id: id, users_in_conv: [], typing_status: STARTED },
  })
  await pushedTo(alice, alex)
  await eventually(async () => galley.backends.calls.length === 1, 'the third backend was told')
  assert.deepEqual(
    galley.backends.calls.map(({ domain, input }) => [domain, (input as { users_in_conv: unknown }).users_in_conv]),
    [[C, [chad.id]]],
  )
  const refused = { tag: 'TypingDataUpdateError', contents: { tag: 'ConvNotFound' } }
  const stranger = { ...asked, user_id: person(B).id }
  assert.deepEqual((await galley.from(B, 'update-typing-indicator', stranger)).body, refused)
  // It cannot type for users of anybody else.
  assert.deepEqual((await galley.from(C, 'update-typing-indicator', asked)).body, refused)
})

/** bob@B has made a conversation in which he has alice and alex of ours. */
const elsewhere = async () => {
  const { domain, id: conversation } = await broughtInto(galley, group.bob, [group.alice, group.alex])
  await galley.queued()
  return { domain, conversation }
}

test('CNV-037: who types in a conversation elsewhere asks its owner, and we tell ours', async () => {
  const { alice, alex, bob } = group
  const at = await elsewhere()
  const contents = {
    time: '2026-01-02T00:00:00Z',
    orig_user_id: bob,
    conv_id: at.conversation,
    users_in_conv: [alex.id, alice.id, person().id],
    typing_status: STARTED,
  }
  galley.backends.plays(B, {
    rpcs: { 'update-typing-indicator': () => ({ tag: 'TypingDataUpdateSuccess', contents }) },
  })
  assert.deepEqual(await type(alice, at), { outcome: 'told' })
  const [told] = await pushedTo(alex)
  // Whatever the owner says about who it was.
  assert.deepEqual(told?.event['qualified_from'], alice)
  galley.backends.plays(B, {
    rpcs: { 'update-typing-indicator': () => ({ tag: 'TypingDataUpdateError', contents: { tag: 'ConvNotFound' } }) },
  })
  assert.deepEqual(await type(alice, at), { outcome: 'not-found' })
  galley.backends.plays(B, DOWN)
  await assert.rejects(type(alice, at), /answered 521/)
  assert.deepEqual(await type(person(), at), { outcome: 'not-found' })
})

test('CNV-037: who types elsewhere is told to members only, whomever the owner names', async () => {
  const { alice, alex, bob } = group
  const { conversation } = await elsewhere()
  const updated = {
    time: '2026-01-02T00:00:00Z',
    orig_user_id: bob,
    conv_id: conversation,
    users_in_conv: [alice.id, alex.id, person().id],
    typing_status: STARTED,
  }
  assert.deepEqual(await galley.from(B, 'on-typing-indicator-updated', updated), { status: 200, body: {} })
  await pushedTo(alice, alex)
  galley.parts.gundeck.calls.length = 0
  // Another backend's conversation, and one of ours, in which it has no say.
  await galley.from(C, 'on-typing-indicator-updated', updated)
  await galley.from(B, 'on-typing-indicator-updated', { ...updated, conv_id: group.id })
  await galley.restart()
  assert.deepEqual(galley.parts.gundeck.calls, [])
})
