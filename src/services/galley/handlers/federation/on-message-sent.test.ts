import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { QualifiedConversationId, QualifiedUserId } from '#src/contract/ids.ts'
import { B, C, person, startTestGalley, type TestGalley, type Told, toldBy } from '../../testing.ts'
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

const sent = (recipients: object, more: object = {}) => ({
  time: '2026-01-02T00:00:00.25Z',
  data: 'ZGF0YQ==',
  sender: bob,
  sender_client: 'b1',
  conversation: conversation.id,
  priority: 'low',
  push: false,
  transient: false,
  recipients,
  ...more,
})

/** Messages are pushed directly; see local-lane.ts. */
const pushedTo = (): Told[] => {
  const calls = galley.parts.gundeck.calls.splice(0)
  return calls.flatMap(({ input }) => toldBy((input as { body: unknown }).body))
}

test('MSG-009: a message reaches exactly the listed clients of members, and is answered when gundeck has it', async () => {
  pushedTo()
  const recipients = { [alice.id]: { a1: 'eA==', a2: 'eQ==' }, [person().id]: { f1: 'eg==' } }
  const { status, body } = await galley.from(B, 'on-message-sent', sent(recipients))
  assert.deepEqual([status, body], [200, {}])
  const all = pushedTo()
  const event = {
    type: 'conversation.otr-message-add',
    conversation: conversation.id,
    qualified_conversation: conversation,
    from: bob.id,
    qualified_from: bob,
    time: '2026-01-02T00:00:00.250Z',
  }
  assert.deepEqual(
    all.map(({ user, clients, event: seen }) => [user, clients, seen]),
    [
      [alice.id, ['a1'], { ...event, data: { sender: 'b1', recipient: 'a1', text: 'eA==', data: 'ZGF0YQ==' } }],
      [alice.id, ['a2'], { ...event, data: { sender: 'b1', recipient: 'a2', text: 'eQ==', data: 'ZGF0YQ==' } }],
    ],
  )
  const { nativePush, priority, transient, origin } = all[0]?.push ?? {}
  assert.deepEqual([nativePush, priority, transient, origin], [false, 'low', false, null])
})

test('a repeated message has the same id for gundeck, another message another', async () => {
  pushedTo()
  const message = sent({ [alice.id]: { a1: 'eA==' } })
  for (const requestId of ['r1', 'r1', 'r2']) await galley.from(B, 'on-message-sent', message, { requestId })
  const [first, again, other] = pushedTo().map(({ push }) => push.id)
  assert.equal(first, again)
  assert.notEqual(first, other)
})

test('a message whose data would be many times what gundeck takes is refused, and the next one is taken', async () => {
  pushedTo()
  const devices = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`a${index}`, 'eA==']))
  const large = sent({ [alice.id]: devices }, { data: 'x'.repeat(12 * 1024 * 1024) })
  assert.equal((await galley.from(B, 'on-message-sent', large)).status, 400)
  assert.deepEqual(pushedTo(), [])
  assert.equal((await galley.from(B, 'on-message-sent', sent({ [alice.id]: devices }))).status, 200)
  assert.equal(pushedTo().length, 8)
})

test('while gundeck is down a message is not answered with success', async () => {
  galley.parts.gundeckIsDown = true
  const message = sent({ [alice.id]: { a1: 'eA==' } })
  assert.equal((await galley.from(B, 'on-message-sent', message)).status, 500)
  galley.parts.gundeckIsDown = false
  assert.equal((await galley.from(B, 'on-message-sent', message)).status, 200)
})

test('messages to conversations of others, or to nobody we know, reach nobody and are answered', async () => {
  pushedTo()
  const message = sent({ [alice.id]: { a1: 'eA==' } })
  assert.equal((await galley.from(C, 'on-message-sent', message)).status, 200)
  const unknown = { ...message, conversation: person().id }
  assert.equal((await galley.from(B, 'on-message-sent', unknown)).status, 200)
  assert.equal((await galley.from(B, 'on-message-sent', sent({}))).status, 200)
  assert.deepEqual(pushedTo(), [])
})
