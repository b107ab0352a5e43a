import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import {
  PROTEUS_CLIENTS_MAX,
  PROTEUS_CLIENTS_PER_USER_MAX,
  PROTEUS_STRATEGY_USERS_MAX,
  PROTEUS_TEXT_BYTES_MAX,
} from '#src/contract/limits.ts'
import { encodeProteusMessage, type ProteusMessage } from './proteus.ts'
import { decodeProteusMessage, MalformedProteusMessage } from './proteus-reader.ts'

const alpha = Domain.parse('alpha.example')
const alice = UserId.parse('11111111-1111-4111-8111-111111111111')
const bob = UserId.parse('22222222-2222-4222-8222-222222222222')
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
// Not a Buffer: views into one are Buffers too, and those are not deeply equal to plain arrays.
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))
const encoded = (...parts: readonly string[]): Uint8Array => Uint8Array.from(Buffer.from(parts.join(''), 'hex'))

const plain: ProteusMessage = {
  sender: ClientId.parse('a1'),
  recipients: new Map([[alpha, new Map([[bob, new Map([[ClientId.parse('b1'), text('for bob')]])]])]]),
  nativePush: true,
  blob: new Uint8Array(),
  priority: undefined,
  transient: false,
  strategy: { kind: 'report-all' },
}

const PLAIN = { noNullPrototype: true }
const anyUser = fc.uuid().map((id) => UserId.parse(id))
const anyClient = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((id) => ClientId.parse(id.toString(16)))
const anyDomain = fc.constantFrom('a.example', 'b.example', 'c-1.example.com').map((name) => Domain.parse(name))
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes))
const anyTexts = fc.uniqueArray(fc.tuple(anyClient, anyBytes), { maxLength: 4, selector: ([id]) => id })
const anyUsers = fc.uniqueArray(
  fc.tuple(
    anyUser,
    anyTexts.map((texts) => new Map(texts)),
  ),
  { maxLength: 4, selector: ([id]) => id },
)
const anyRecipients = fc
  .uniqueArray(
    fc.tuple(
      anyDomain,
      anyUsers.map((users) => new Map(users)),
    ),
    { maxLength: 3, selector: ([name]) => name },
  )
  .map((domains) => new Map(domains))
const anyStrategy: fc.Arbitrary<ProteusMessage['strategy']> = fc.oneof(
  fc.constantFrom<ProteusMessage['strategy']>({ kind: 'report-all' }, { kind: 'ignore-all' }),
  fc.record(
    {
      kind: fc.constantFrom('report-only' as const, 'ignore-only' as const),
      users: fc.array(fc.record({ domain: anyDomain, id: anyUser }, PLAIN), { maxLength: 3 }),
    },
    PLAIN,
  ),
)
const anyMessage: fc.Arbitrary<ProteusMessage> = fc.record(
  {
    sender: anyClient,
    recipients: anyRecipients,
    nativePush: fc.boolean(),
    blob: anyBytes,
    priority: fc.constantFrom('low' as const, 'high' as const, undefined),
    transient: fc.boolean(),
    strategy: anyStrategy,
  },
  PLAIN,
)

test('what a client writes is what the owner reads', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      assert.deepEqual(decodeProteusMessage(encodeProteusMessage(message)), message)
    }),
  )
})

test('no bytes at all make the reader fail in any other way than refusing them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeProteusMessage(bytes)
      } catch (error) {
        assert.ok(error instanceof MalformedProteusMessage)
      }
    }),
  )
})

test('a message cut short anywhere is refused', () => {
  const whole = encodeProteusMessage({
    ...plain,
    strategy: { kind: 'ignore-only', users: [{ domain: alpha, id: bob }] },
  })
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decodeProteusMessage(whole.subarray(0, length)), MalformedProteusMessage, `${length} bytes`)
  }
})

test('the bytes of a message written by another encoder are understood', () => {
  // sender 500; b.example: bob, client 1 → "x"; report_all. Assembled by hand from the field numbers.
  const bytes = encoded(
    '0a03' + '08f403',
    '122a' + '0a09' + '622e6578616d706c65',
    '121d' + '0a12' + '0a10' + bob.replaceAll('-', ''),
    '1207' + '0a02' + '0801' + '1201' + '78',
    '3a00',
  )
  const message = decodeProteusMessage(bytes)
  assert.equal(message.sender, '1f4')
  assert.equal(message.nativePush, true)
  assert.equal(message.transient, false)
  assert.deepEqual(message.recipients.get(Domain.parse('b.example'))?.get(bob)?.get(ClientId.parse('1')), text('x'))
  assert.deepEqual(message.strategy, { kind: 'report-all' })
})

test('fields and priorities that we do not know are skipped', () => {
  const writer = new BinaryWriter()
  writer.tag(5, WireType.Varint).int32(9)
  writer.tag(90, WireType.LengthDelimited).string('from the future')
  writer.tag(91, WireType.Varint).int32(1)
  writer.tag(92, WireType.Bit64).double(1)
  const message = decodeProteusMessage(joined(writer.finish(), encodeProteusMessage(plain)))
  assert.deepEqual(message, plain)
})

test('the strategy that comes last counts', () => {
  const message = decodeProteusMessage(joined(encodeProteusMessage(plain), encoded('4200')))
  assert.equal(message.strategy.kind, 'ignore-all')
})

test('a domain, a user or a client that comes twice is joined', () => {
  const recipients = (client: string, value: string) =>
    new Map([[alpha, new Map([[bob, new Map([[ClientId.parse(client), text(value)]])]])]])
  const twice = joined(
    encodeProteusMessage({ ...plain, recipients: recipients('b1', 'old') }),
    encodeProteusMessage({ ...plain, recipients: recipients('b2', 'second') }),
    encodeProteusMessage({ ...plain, recipients: recipients('b1', 'new') }),
  )
  const texts = decodeProteusMessage(twice).recipients.get(alpha)?.get(bob)
  assert.deepEqual(
    [...(texts ?? [])].map(([id, value]) => [id, Buffer.from(value).toString()]),
    [
      ['b1', 'new'],
      ['b2', 'second'],
    ],
  )
})

/** One length-delimited field. */
const field = (number: number, ...content: readonly Uint8Array[]): Uint8Array =>
  new BinaryWriter()
    .tag(number, WireType.LengthDelimited)
    .bytes(joined(...content))
    .finish()

test('what the format requires must be there', () => {
  const sender = encoded('0a020801')
  const strategy = encoded('3a00')
  const domain = field(1, text('b.example'))
  const entry = (...content: readonly Uint8Array[]) => joined(sender, field(2, ...content), strategy)
  const only = (...content: readonly Uint8Array[]) => joined(sender, field(9, field(1, ...content)))
  const user = field(1, field(1, new Uint8Array(16)))
  const client = field(1, encoded('0801'))
  const refused: readonly (readonly [RegExp, Uint8Array])[] = [
    [/sender is missing/, strategy],
    [/strategy is missing/, sender],
    [/client is missing/, joined(field(1), strategy)],
    [/domain is missing/, entry()],
    [/domain is malformed/, entry(field(1, text('no domain')))],
    [/not a protobuf message/, entry(field(1, encoded('ff')))],
    [/user is missing/, entry(domain, field(2))],
    [/not 16 bytes/, entry(domain, field(2, field(1, field(1, new Uint8Array(15)))))],
    [/client is missing/, entry(domain, field(2, user, field(2, field(2, text('x')))))],
    [/text is missing/, entry(domain, field(2, user, field(2, client)))],
    [/domain is missing/, only(field(1, text(alice)))],
    [/user is missing/, only(field(2, text('b.example')))],
    [/user is malformed/, only(field(1, text('not a uuid')), field(2, text('b.example')))],
    [/wrong wire type/, joined(encoded('0801'), strategy)],
    [/beyond its message/, joined(field(1, encoded('0801', '1205')), new Uint8Array(5), strategy)],
  ]
  for (const [problem, bytes] of refused) assert.throws(() => decodeProteusMessage(bytes), problem)
})

const manyClients = (users: number, each: number): ProteusMessage['recipients'] => {
  const texts = new Map(Array.from({ length: each }, (_, n) => [ClientId.parse(n.toString(16)), text('')]))
  const id = (n: number) => UserId.parse(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
  return new Map([[alpha, new Map(Array.from({ length: users }, (_, n) => [id(n), texts]))]])
}

test('more than any group has, or any peer takes, is refused', () => {
  const decode = (more: Partial<ProteusMessage>) => decodeProteusMessage(encodeProteusMessage({ ...plain, ...more }))
  const users = Array.from({ length: PROTEUS_STRATEGY_USERS_MAX + 1 }, () => ({ domain: alpha, id: bob }))
  const perUser = PROTEUS_CLIENTS_PER_USER_MAX
  assert.ok(decode({ recipients: manyClients(1, perUser), blob: new Uint8Array(PROTEUS_TEXT_BYTES_MAX) }))
  assert.throws(
    () => decode({ recipients: manyClients(PROTEUS_CLIENTS_MAX / perUser + 1, perUser) }),
    /too many recipients/,
  )
  assert.throws(() => decode({ recipients: manyClients(1, perUser + 1) }), /too many clients of one user/)
  assert.throws(() => decode({ strategy: { kind: 'report-only', users } }), /too many users/)
  assert.throws(() => decode({ blob: new Uint8Array(PROTEUS_TEXT_BYTES_MAX + 1) }), /too long/)
})
