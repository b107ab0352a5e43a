import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { RemoteMessage } from '#src/contract/federation/messages.ts'
import { ConversationId, type QualifiedConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import { encodeProteusMessage, type MismatchStrategy, type ProteusMessage } from '#src/rpc/proteus.ts'
import { A, B, C, client, person, startTestGalley, type TestGalley } from '../../testing.ts'
import type { PlayedBackend } from '../../testing-backends.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

// The cast of scenarios.md, MSG: at A alice (a1, a2) and alex (e1), at B bob (b1), at C chad (c1).
let alice: QualifiedUserId
let alex: QualifiedUserId
let bob: QualifiedUserId
let chad: QualifiedUserId
let conversation: QualifiedConversationId

const withClients = (devices: readonly (readonly [QualifiedUserId, string])[], version?: number): PlayedBackend => ({
  ...(version !== undefined && { version }),
  rpcs: {
    'get-not-fully-connected-backends': () => ({ non_connected_backends: [] }),
    'on-conversation-created': () => ({}),
    'get-user-clients': ({ users }: { users: string[] }) =>
      Object.fromEntries(
        users.map((id) => [id, devices.filter(([user]) => user.id === id).map(([, device]) => ({ id: device }))]),
      ),
  },
})

beforeEach(async () => {
  ;[alice, alex, bob, chad] = [person(), person(), person(B), person(C)]
  galley.parts.registers(alice, { clients: [client('a1'), client('a2')] })
  galley.parts.registers(alex, { clients: [client('e1')] })
  for (const friend of [alex, bob, chad]) galley.parts.connects(alice, friend)
  galley.backends.plays(B, withClients([[bob, 'b1']]))
  galley.backends.plays(C, withClients([[chad, 'c1']]))
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: [alex, bob, chad] } })
  assert.ok(made.outcome === 'created')
  conversation = made.body.qualified_id
  await galley.queued()
})

type To = readonly (readonly [QualifiedUserId, string])[]

const everybody = (): To => [
  [alice, 'a2'],
  [alex, 'e1'],
  [bob, 'b1'],
  [chad, 'c1'],
]

const but = (...left: readonly string[]): To => everybody().filter(([, device]) => !left.includes(device))

const message = (to: To, more: Partial<ProteusMessage> = {}): Uint8Array => {
  const recipients = new Map<
    QualifiedUserId['domain'],
    Map<QualifiedUserId['id'], Map<ReturnType<typeof client>, Uint8Array>>
  >()
  for (const [{ domain, id }, device] of to) {
    const users = recipients.get(domain) ?? new Map()
    recipients.set(domain, users)
    users.set(id, new Map([...(users.get(id) ?? []), [client(device), Buffer.from(`for ${device}`)]]))
  }
  const plain: ProteusMessage = {
    sender: client('a1'),
    recipients,
    nativePush: true,
    blob: Buffer.from('common'),
    priority: undefined,
    transient: false,
    strategy: { kind: 'report-all' },
  }
  return encodeProteusMessage({ ...plain, ...more })
}

const sendAs = (user: QualifiedUserId, body: Uint8Array, to: QualifiedConversationId = conversation) =>
  galley.as(
    user,
    'post-message',
    { params: { domain: to.domain, conversation: to.id }, body },
    { headers: { 'content-type': 'application/x-protobuf' } },
  )

const send = (to: To, more: Partial<ProteusMessage> = {}) => sendAs(alice, message(to, more))

const wire = (...entries: readonly (readonly [QualifiedUserId, ...string[]])[]) => {
  const result: Record<string, Record<string, string[]>> = {}
  for (const [{ domain, id }, ...devices] of entries) (result[domain] ??= {})[id] = devices
  return result
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('MSG-001: every listed client gets its own text, ours by push, others through their backends', async () => {
  const answer = await send(everybody())
  assert.ok(answer.outcome === 'sent')
  const { time, ...status } = answer.body
  assert.deepEqual(status, {
    missing: {},
    redundant: {},
    deleted: {},
    failed_to_send: {},
    failed_to_confirm_clients: {},
  })

  const { told, letters } = await galley.queued()
  const envelope = {
    type: 'conversation.otr-message-add',
    conversation: conversation.id,
    qualified_conversation: conversation,
    from: alice.id,
    qualified_from: alice,
    time,
  }
  assert.deepEqual(
    told.map(({ user, clients, event }) => [user, clients, event]),
    [
      [
        alice.id,
        ['a2'],
        { ...envelope, data: { sender: 'a1', recipient: 'a2', text: base64('for a2'), data: base64('common') } },
      ],
      [
        alex.id,
        ['e1'],
        { ...envelope, data: { sender: 'a1', recipient: 'e1', text: base64('for e1'), data: base64('common') } },
      ],
    ],
  )
  assert.equal(new Set(told.map(({ push }) => push.id)).size, 1)
  assert.deepEqual(told[0]?.push.origin, { user: alice.id, connection: '7' })

  assert.deepEqual(new Set(letters.map(({ domain }) => domain)), new Set([B, C]))
  const toB = letters.find(({ domain }) => domain === B)?.entries
  assert.deepEqual(
    toB?.map(({ path, targetComponent, bodyVersions }) => ({ path, targetComponent, bodyVersions })),
    [{ path: 'on-message-sent', targetComponent: 'galley', bodyVersions: { from: 0 } }],
  )
  assert.deepEqual(JSON.parse(toB?.[0]?.body ?? ''), {
    time,
    data: base64('common'),
    sender: alice,
    sender_client: 'a1',
    conversation: conversation.id,
    priority: null,
    push: true,
    transient: false,
    recipients: { [bob.id]: { b1: base64('for b1') } },
  })
})

test('what every device of one backend gets must not become more than it takes, and then nobody gets anything', async () => {
  const devices = Array.from({ length: 9 }, (_, index) => `d${index}`)
  galley.parts.registers(alex, { clients: devices.map(client) })
  const blob = new Uint8Array(7 * 1024 * 1024)
  const toAll = (user: QualifiedUserId, names: readonly string[]): To => [
    ...but('e1', 'b1'),
    ...names.map((name) => [user, name] as const),
  ]
  const ignoring = { strategy: { kind: 'ignore-all' } } as const
  await assert.rejects(send(toAll(alex, devices), { blob, ...ignoring }), /413: .*client-error/)
  galley.backends.plays(B, withClients(devices.map((name) => [bob, name] as const)))
  await assert.rejects(send(toAll(bob, devices), { blob, ...ignoring }), /413: .*client-error/)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  const answer = await send(toAll(alex, devices.slice(0, 6)), { blob, ...ignoring })
  assert.equal(answer.outcome, 'sent')
})

test('a backend is asked once and written to once, however many members it has', async () => {
  const friends = Array.from({ length: 30 }, () => person(B))
  for (const friend of friends) galley.parts.connects(alice, friend)
  const devices = friends.map((friend) => [friend, 'b1'] as const)
  galley.backends.plays(B, withClients(devices))
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: friends } })
  assert.ok(made.outcome === 'created')
  await galley.queued()
  galley.backends.plays(B, withClients(devices))
  const answer = await sendAs(alice, message([[alice, 'a2'], ...devices]), made.body.qualified_id)
  assert.equal(answer.outcome, 'sent')
  assert.deepEqual(
    galley.backends.calls.map(({ rpc }) => rpc),
    ['get-user-clients'],
  )
  const { letters } = await galley.queued()
  assert.equal(letters.length, 1)
  assert.equal(Object.keys(RemoteMessage.parse(JSON.parse(letters[0]?.entries[0]?.body ?? '')).recipients).length, 30)
})

test('MSG-002: with clients missing nothing is sent to anybody', async () => {
  const answer = await send(but('e1', 'b1'))
  assert.ok(answer.outcome === 'mismatch')
  const { time: _, ...status } = answer.body
  assert.deepEqual(status, {
    missing: wire([alex, 'e1'], [bob, 'b1']),
    redundant: {},
    deleted: {},
    failed_to_send: {},
    failed_to_confirm_clients: {},
  })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('MSG-005: the strategy decides what is missing', async () => {
  const result = async (strategy: MismatchStrategy) => {
    const answer = await send(but('e1', 'b1'), { strategy })
    assert.ok('body' in answer)
    return [answer.outcome, answer.body.missing]
  }
  assert.deepEqual(await result({ kind: 'ignore-all' }), ['sent', {}])
  assert.deepEqual(await result({ kind: 'report-all' }), ['mismatch', wire([alex, 'e1'], [bob, 'b1'])])
  assert.deepEqual(await result({ kind: 'report-only', users: [alex] }), ['mismatch', wire([alex, 'e1'])])
  assert.deepEqual(await result({ kind: 'report-only', users: [chad] }), ['sent', {}])
  assert.deepEqual(await result({ kind: 'ignore-only', users: [alex] }), ['mismatch', wire([bob, 'b1'])])
  assert.deepEqual(await result({ kind: 'ignore-only', users: [alex, bob] }), ['sent', {}])
})

test('MSG-006: a client that is not the sender’s, or a sender who is not a member, sends nothing', async () => {
  const eve = person()
  galley.parts.registers(eve, { clients: [client('a1')] })
  assert.deepEqual(await send(everybody(), { sender: client('dead') }), { outcome: 'unknown-client' })
  assert.deepEqual(await sendAs(eve, message(everybody())), { outcome: 'not-found' })
  const unknown = { domain: A, id: ConversationId.parse(person().id) }
  assert.deepEqual(await sendAs(alice, message([]), unknown), { outcome: 'not-found' })
  await sql`update galley.conversations set protocol = 'mls' where id = ${conversation.id}`.execute(galley.db)
  assert.deepEqual(await send(everybody()), { outcome: 'not-found' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('MSG-007: clients of a backend that is away are taken on trust, and written to when it is back', async () => {
  galley.backends.plays(C, {})
  const answer = await send(everybody())
  assert.ok(answer.outcome === 'sent')
  assert.deepEqual(answer.body.failed_to_confirm_clients, wire([chad, 'c1']))
  assert.deepEqual(answer.body.failed_to_send, {})
  const { letters } = await galley.queued()
  assert.deepEqual(new Set(letters.map(({ domain }) => domain)), new Set([B, C]))
})

test('MSG-007: a member of such a backend for whom no client is named is reported, not missing', async () => {
  galley.backends.plays(C, {})
  const answer = await send(but('c1'))
  assert.ok(answer.outcome === 'sent')
  assert.deepEqual(answer.body.failed_to_send, wire([chad]))
  assert.deepEqual(answer.body.failed_to_confirm_clients, wire([chad]))
  assert.deepEqual(
    (await galley.queued()).letters.map(({ domain }) => domain),
    [B],
  )
})

test('MSG-012, MSG-013: transience, push and priority go with the message', async () => {
  await send(everybody(), { transient: true, nativePush: false, priority: 'low' })
  const { told, letters } = await galley.queued()
  const { transient, nativePush, priority } = told[0]?.push ?? {}
  assert.deepEqual([transient, nativePush, priority], [true, false, 'low'])
  const { transient: remote, push, priority: low } = RemoteMessage.parse(JSON.parse(letters[0]?.entries[0]?.body ?? ''))
  assert.deepEqual([remote, push, low], [true, false, 'low'])
})

test('MSG-014, MSG-017: clients of strangers are redundant, gone clients of members deleted', async () => {
  const brad = person(B)
  const answer = await send([...everybody(), [brad, 'b7'], [alex, 'e9']])
  assert.ok(answer.outcome === 'sent')
  assert.deepEqual(answer.body.redundant, wire([brad, 'b7']))
  assert.deepEqual(answer.body.deleted, wire([alex, 'e9']))
  const { told, letters } = await galley.queued()
  assert.deepEqual(
    told.flatMap(({ clients }) => clients),
    ['a2', 'e1'],
  )
  const toB = letters.find(({ domain }) => domain === B)?.entries[0]?.body ?? ''
  assert.deepEqual(Object.keys(RemoteMessage.parse(JSON.parse(toB)).recipients), [bob.id])
})

test('a backend that names clients of people it was not asked for is not believed', async () => {
  const intruder = person(B)
  galley.backends.plays(B, {
    rpcs: { 'get-user-clients': () => ({ [bob.id]: [{ id: 'b1' }], [intruder.id]: [{ id: 'f00' }] }) },
  })
  const answer = await send([...everybody(), [intruder, 'f00']])
  assert.ok(answer.outcome === 'sent')
  assert.deepEqual(answer.body.redundant, wire([intruder, 'f00']))
})

test('MSG-019: no recipients are missing recipients, and what cannot be read is refused', async () => {
  assert.equal((await send([])).outcome, 'mismatch')
  assert.deepEqual(await sendAs(alice, Buffer.from('no protobuf at all')), { outcome: 'malformed' })
  const json = galley.as(
    alice,
    'post-message',
    { params: { domain: A, conversation: conversation.id }, body: message([]) },
    { headers: { 'content-type': 'application/json' } },
  )
  await assert.rejects(json, /415/)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('messages of one conversation have rising times, also when many are sent at once and the clock stands', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(everybody())))
  const times = answers.map((answer) => ('body' in answer ? answer.body.time : ''))
  assert.equal(new Set(times).size, 20)
  const { told } = await galley.queued()
  const order = told.filter(({ user }) => user === alex.id).map(({ event }) => String(event['time']))
  assert.deepEqual(order, order.toSorted())
  assert.deepEqual(new Set(order), new Set<string>(times))
})

test('a clock that was set back does not set back the times of a conversation', async () => {
  const future = galley.clock.now().getTime() + 3_600_000
  await sql`update galley.conversations set last_event_at = ${future} where id = ${conversation.id}`.execute(galley.db)
  const answer = await send(everybody())
  assert.ok(answer.outcome === 'sent')
  assert.equal(new Date(answer.body.time).getTime(), future + 1)
})

test('members who change while other backends are asked make the message be compared anew', async () => {
  let asked = 0
  galley.backends.plays(B, {
    rpcs: {
      'get-user-clients': async () => {
        asked += 1
        if (asked === 1) {
          await sql`delete from galley.members where conversation = ${conversation.id} and user_id = ${alex.id}`.execute(
            galley.db,
          )
          await sql`update galley.conversations set members_revision = members_revision + 1
            where id = ${conversation.id}`.execute(galley.db)
        }
        return { [bob.id]: [{ id: 'b1' }] }
      },
    },
  })
  const answer = await send(everybody())
  assert.ok(answer.outcome === 'sent')
  assert.equal(asked, 2)
  assert.deepEqual(answer.body.redundant, wire([alex, 'e1']))
  assert.deepEqual(
    (await galley.queued()).told.map(({ user }) => user),
    [alice.id],
  )
})

test('other own devices are written to through the conversation with oneself', async () => {
  const self = { domain: A, id: ConversationId.parse(alice.id) }
  const answer = await sendAs(alice, message([[alice, 'a2']]), self)
  assert.equal(answer.outcome, 'sent')
  assert.deepEqual(
    (await galley.queued()).told.map(({ user, clients }) => [user, clients]),
    [[alice.id, ['a2']]],
  )
  assert.deepEqual(await sendAs(alex, message([[alice, 'a2']], { sender: client('e1') }), self), {
    outcome: 'not-found',
  })
})
