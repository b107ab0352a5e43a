/** COMPAT(v0): messages in the form of before federation. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { ConversationId, QualifiedUserId } from '#src/contract/ids.ts'
import { client, person, startTestGalley, type TestGalley } from '../../testing.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let alice: QualifiedUserId
let alex: QualifiedUserId
let conversation: ConversationId

beforeEach(async () => {
  ;[alice, alex] = [person(), person()]
  galley.parts.registers(alice, { clients: [client('a1'), client('a2')] })
  galley.parts.registers(alex, { clients: [client('e1')] })
  galley.parts.connects(alice, alex)
  const made = await galley.as(alice, 'create-conversation', { body: { qualified_users: [alex] } })
  assert.ok(made.outcome === 'created')
  conversation = made.body.id
  await galley.queued()
})

interface Sending {
  readonly query?: { readonly ignore_missing?: string; readonly report_missing?: string }
  readonly type?: string
}

const send = (body: Uint8Array, { query = {}, type = 'application/json' }: Sending = {}) =>
  galley.as(alice, 'post-otr-message', { params: { conversation }, query, body }, { headers: { 'content-type': type } })

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const json = (devices: Readonly<Record<string, readonly string[]>>, more: object = {}): Uint8Array => {
  const recipients = Object.fromEntries(
    Object.entries(devices).map(([user, of]) => [user, Object.fromEntries(of.map((id) => [id, base64(`for ${id}`)]))]),
  )
  return Buffer.from(JSON.stringify({ sender: 'a1', recipients, data: base64('common'), ...more }))
}

const texts = async (): Promise<unknown[]> =>
  (await galley.queued()).told.map(({ user, clients, event }) => [
    user,
    clients[0],
    (event['data'] as { text: string }).text,
  ])

test('MSG-001: a message in JSON reaches the devices it names, and says what it left out of our own users', async () => {
  const sent = await send(json({ [alice.id]: ['a2'], [alex.id]: ['e1', 'e9'], [person().id]: ['c1'] }))
  assert.ok(sent.outcome === 'sent')
  assert.deepEqual([sent.body.missing, sent.body.deleted], [{}, { [alex.id]: ['e9'] }])
  assert.deepEqual(Object.keys(sent.body), ['time', 'missing', 'redundant', 'deleted'])
  assert.deepEqual(await texts(), [
    [alice.id, 'a2', base64('for a2')],
    [alex.id, 'e1', base64('for e1')],
  ])
})

test('MSG-002 MSG-005: without flags all missing devices are reported; flags and body say otherwise', async () => {
  const some = json({ [alice.id]: ['a2'] })
  const missing = { [alex.id]: ['e1'] }
  const outcomes = await Promise.all([
    send(some),
    send(some, { query: { ignore_missing: 'true' } }),
    send(some, { query: { ignore_missing: '' } }),
    send(some, { query: { ignore_missing: alex.id } }),
    send(some, { query: { ignore_missing: alice.id } }),
    send(some, { query: { report_missing: alice.id } }),
    send(some, { query: { report_missing: 'false' } }),
    send(json({ [alice.id]: ['a2'] }, { report_missing: [alex.id] }), { query: { ignore_missing: 'true' } }),
  ])
  assert.deepEqual(
    outcomes.map((answer) => answer.outcome),
    ['mismatch', 'sent', 'sent', 'sent', 'mismatch', 'sent', 'sent', 'mismatch'],
  )
  const [first] = outcomes
  assert.deepEqual(first?.outcome === 'mismatch' && first.body.missing, missing)
})

test('MSG-001: the same as protobuf', async () => {
  const writer = new BinaryWriter()
  const nested = (field: number, write: () => void): void => {
    writer.tag(field, WireType.LengthDelimited).fork()
    write()
    writer.join()
  }
  const clientId = (id: number): void => nested(1, () => writer.tag(1, WireType.Varint).uint64(BigInt(id)))
  const uuid = Buffer.from(alex.id.replaceAll('-', ''), 'hex')
  nested(1, () => writer.tag(1, WireType.Varint).uint64(0xa1n))
  nested(2, () => {
    nested(1, () => writer.tag(1, WireType.LengthDelimited).bytes(uuid))
    nested(2, () => {
      clientId(0xe1)
      writer.tag(2, WireType.LengthDelimited).bytes(Buffer.from('hello'))
    })
  })
  nested(7, () => writer.tag(1, WireType.LengthDelimited).bytes(uuid))
  const sent = await send(writer.finish(), { type: 'application/x-protobuf' })
  assert.equal(sent.outcome, 'sent')
  assert.deepEqual(await texts(), [[alex.id, 'e1', base64('hello')]])
})

test('MSG-006 MSG-019: strangers, unknown devices and what cannot be read send nothing', async () => {
  const answers = [
    await send(json({}, { sender: 'ff' })),
    await send(Buffer.from('{"sender":')),
    await send(Buffer.from([8, 255]), { type: 'application/x-protobuf' }),
    await send(json({}), { query: { ignore_missing: 'nobody' } }),
    await galley.as(
      person(),
      'post-otr-message',
      { params: { conversation }, query: {}, body: json({}) },
      { headers: { 'content-type': 'application/json' } },
    ),
  ]
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    ['unknown-client', 'malformed', 'malformed', 'malformed', 'not-found'],
  )
  assert.deepEqual(await texts(), [])
})
