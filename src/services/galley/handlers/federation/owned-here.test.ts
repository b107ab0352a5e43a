import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationId, type QualifiedConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import { encodeProteusMessage } from '#src/rpc/proteus.ts'
import { B, C, client, person, startTestGalley, type TestGalley } from '../../testing.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let alice: QualifiedUserId
let bob: QualifiedUserId
let chad: QualifiedUserId
let conversation: QualifiedConversationId

beforeEach(async () => {
  ;[alice, bob, chad] = [person(), person(B), person(C)]
  galley.parts.registers(alice, { clients: [client('a1')] })
  for (const friend of [bob, chad]) galley.parts.connects(alice, friend)
  for (const [user, device] of [
    [bob, 'b1'],
    [chad, 'c1'],
  ] as const) {
    galley.backends.plays(user.domain, {
      rpcs: {
        'get-not-fully-connected-backends': () => ({ non_connected_backends: [] }),
        'on-conversation-created': () => ({}),
        'get-user-clients': () => ({ [user.id]: [{ id: device }] }),
      },
    })
  }
  const made = await galley.as(alice, 'create-conversation', {
    body: { name: 'n', qualified_users: [bob, chad], conversation_role: 'wire_member', message_timer: 60_000 },
  })
  assert.ok(made.outcome === 'created')
  conversation = made.body.qualified_id
  await galley.queued()
})

const metadata = () => ({
  type: 0,
  creator: alice.id,
  access: ['invite'],
  access_role: ['team_member', 'non_team_member', 'service'],
  name: 'n',
  last_event: '0.0',
  last_event_time: '1970-01-01T00:00:00.000Z',
  team: null,
  message_timer: 60_000,
  receipt_mode: null,
  group_conv_type: 'group_conversation',
  add_permission: null,
  cells_state: 'disabled',
  parent: null,
  history: null,
})

test('a member on another backend is shown the conversation without himself among the others', async () => {
  for (const version of [0, 1, 2, 3]) {
    const request = { user_id: bob.id, conv_ids: [conversation.id] }
    const { status, body } = await galley.from(B, 'get-conversations', request, { version })
    assert.equal(status, 200)
    const [shown] = (body as { convs: { members: { others: { id: string }[] } }[] }).convs
    assert.deepEqual(shown, {
      id: conversation.id,
      metadata: metadata(),
      members: { self_role: 'wire_member', others: shown?.members.others },
      protocol: { protocol: 'proteus' },
    })
    assert.deepEqual(
      new Map(shown?.members.others.map((other) => [other.id, other])),
      new Map([
        [alice.id, { qualified_id: alice, id: alice.id, conversation_role: 'wire_admin', status: 0 }],
        [chad.id, { qualified_id: chad, id: chad.id, conversation_role: 'wire_member', status: 0 }],
      ]),
    )
  }
})

test('who is no member of the asking backend is shown nothing, whatever he is elsewhere', async () => {
  const asked = async (origin: typeof B, user: QualifiedUserId) => {
    const { body } = await galley.from(origin, 'get-conversations', { user_id: user.id, conv_ids: [conversation.id] })
    return body
  }
  assert.deepEqual(await asked(B, person(B)), { convs: [] })
  assert.deepEqual(await asked(C, bob), { convs: [] })
  assert.deepEqual(await asked(B, alice), { convs: [] })
})

const raw = (sender: string, recipients: readonly (readonly [QualifiedUserId, string])[]): string => {
  const bytes = encodeProteusMessage({
    sender: client(sender),
    recipients: new Map(
      recipients.map(([{ domain, id }, device]) => [
        domain,
        new Map([[id, new Map([[client(device), Buffer.from(device)]])]]),
      ]),
    ),
    nativePush: true,
    blob: new Uint8Array(),
    priority: undefined,
    transient: false,
    strategy: { kind: 'report-all' },
  })
  return Buffer.from(bytes).toString('base64')
}

const sendFrom = async (origin: typeof B, sender: QualifiedUserId, message: string, to = conversation.id) =>
  galley.from(origin, 'send-message', { conv_id: to, sender: sender.id, raw_message: message })

test('MSG-009: a remote member’s message is delivered here and queued to the others', async () => {
  const { status, body } = await sendFrom(
    B,
    bob,
    raw('b1', [
      [alice, 'a1'],
      [chad, 'c1'],
    ]),
  )
  assert.equal(status, 200)
  assert.ok('Right' in (body as object))
  const { told, letters } = await galley.queued()
  assert.deepEqual(
    told.map(({ clients, event, push }) => [clients, event['qualified_from'], push.origin]),
    [[['a1'], bob, null]],
  )
  assert.deepEqual(
    letters.map(({ domain }) => domain),
    [C],
  )
})

test('a message to the sender’s own backend is queued to it like to any other', async () => {
  const brad = person(B)
  galley.parts.connects(alice, brad)
  galley.backends.plays(B, {
    rpcs: {
      'on-conversation-created': () => ({}),
      'get-user-clients': () => ({ [bob.id]: [{ id: 'b1' }], [brad.id]: [{ id: 'b2' }] }),
    },
  })
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: [bob, brad] } })
  assert.ok(made.outcome === 'created')
  await galley.queued()
  const { body } = await sendFrom(
    B,
    bob,
    raw('b1', [
      [alice, 'a1'],
      [brad, 'b2'],
    ]),
    made.body.id,
  )
  assert.ok('Right' in (body as object))
  const [toB] = (await galley.queued()).letters
  assert.equal(toB?.domain, B)
  assert.deepEqual(JSON.parse(toB?.entries[0]?.body ?? '').recipients, {
    [brad.id]: { b2: Buffer.from('b2').toString('base64') },
  })
})

test('mismatches and strangers are told to the sender’s backend as values', async () => {
  const missing = await sendFrom(B, bob, raw('b1', [[alice, 'a1']]))
  assert.deepEqual((missing.body as { Left: { tag: string } }).Left.tag, 'MessageNotSentClientMissing')
  const stranger = await sendFrom(B, person(B), raw('b1', []))
  assert.deepEqual(stranger.body, { Left: { tag: 'MessageNotSentConversationNotFound' } })
  const device = await sendFrom(B, bob, raw('dead', []))
  assert.deepEqual(device.body, { Left: { tag: 'MessageNotSentUnknownClient' } })
  const unknown = await sendFrom(B, bob, raw('b1', []), ConversationId.parse(person().id))
  assert.deepEqual(unknown.body, { Left: { tag: 'MessageNotSentConversationNotFound' } })
})

test('a backend cannot send for members of another one', async () => {
  const { body } = await sendFrom(
    B,
    chad,
    raw('c1', [
      [alice, 'a1'],
      [bob, 'b1'],
    ]),
  )
  assert.deepEqual(body, { Left: { tag: 'MessageNotSentConversationNotFound' } })
  assert.deepEqual((await galley.queued()).told, [])
})

test('a message that cannot be read is refused without the label that a queue takes for final', async () => {
  const { status, body } = await sendFrom(B, bob, Buffer.from('nonsense').toString('base64'))
  assert.equal(status, 400)
  assert.equal((body as { label: string }).label, 'invalid-payload')
})

test('while the sender’s backend cannot be asked for his clients nobody calls his client unknown', async () => {
  galley.backends.plays(B, {})
  const { status } = await sendFrom(
    B,
    bob,
    raw('b1', [
      [alice, 'a1'],
      [chad, 'c1'],
    ]),
  )
  assert.equal(status, 533)
})
