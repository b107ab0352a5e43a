import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { z } from 'zod'
import {
  AssetKey,
  AssetToken,
  Base64,
  ClientId,
  ConversationId,
  Domain,
  Handle,
  Name,
  PrekeyId,
  QualifiedUserId,
  RequestId,
  SubConvId,
  Timestamp,
  UserId,
} from './ids.ts'
import { BASE64_BYTES_MAX } from './limits.ts'

const refusedOf = (schema: z.ZodType, values: readonly unknown[]): unknown[] =>
  values.filter((value) => !schema.safeParse(value).success)

const refusesAll = (schema: z.ZodType, values: readonly unknown[]) =>
  assert.deepEqual(refusedOf(schema, values), values)

const acceptsAll = (schema: z.ZodType, values: readonly unknown[]) => assert.deepEqual(refusedOf(schema, values), [])

/** The same letters, some of them in capitals. */
const respelled = (texts: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> =>
  fc.tuple(texts, fc.infiniteStream(fc.boolean())).map(([text, capitals]) => {
    const letters = [...text].map((letter) => (capitals.next().value ? letter.toUpperCase() : letter))
    return [text, letters.join('')]
  })

const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
const inside = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-')
const label = fc
  .tuple(letter, fc.array(inside, { maxLength: 12 }), letter)
  .map(([first, middle, last]) => first + middle.join('') + last)
const domain = fc.oneof(
  fc.constant('localhost'),
  fc.array(label, { minLength: 2, maxLength: 5 }).map((labels) => labels.join('.')),
)

test('a domain is lower-cased and otherwise kept', () => {
  fc.assert(fc.property(respelled(domain), ([text, spelling]) => assert.equal(Domain.parse(spelling), text)))
})

test('two domains are the same exactly when their normal forms are', () => {
  fc.assert(
    fc.property(respelled(domain), respelled(domain), ([one, oneSpelled], [other, otherSpelled]) => {
      assert.equal(Domain.parse(oneSpelled) === Domain.parse(otherSpelled), one === other)
    }),
  )
})

test('parsing an identifier again changes nothing', () => {
  const schemas = [Domain, ClientId, UserId, Timestamp, AssetKey]
  const texts = fc.oneof(
    domain,
    fc.uuid(),
    fc.stringMatching(/^[0-9a-fA-F]{1,20}$/),
    fc.date({ noInvalidDate: true }).map((time) => time.toISOString()),
  )
  fc.assert(
    fc.property(texts, fc.constantFrom(...schemas), (text, schema) => {
      const parsed = schema.safeParse(text)
      fc.pre(parsed.success)
      assert.equal(schema.parse(parsed.data), parsed.data)
    }),
  )
})

test('labels have 1 to 63 characters, domains at most 253', () => {
  const long = 'a'.repeat(63)
  acceptsAll(Domain, [
    `${long}.example`,
    `${long}.${long}.${long}.${'a'.repeat(61)}`,
    'a.b',
    '1.2.c3',
    'xn--bcher-kva.example',
  ])
  refusesAll(Domain, [`${long}a.example`, `${long}.${long}.${long}.${'a'.repeat(62)}`, 'a..b', '.a.b', ''])
})

test('what only looks like a domain is refused', () => {
  const spoilt = ['example', 'a.example.', 'a.1example', '127.0.0.1', '-a.example', 'a-.example', 'a_b.example']
  const strange = [
    'a.example:443',
    'https://a.example',
    'user@a.example',
    ' a.example',
    'a.example\n',
    'a.exam ple',
    '[::1]',
  ]
  const foreign = [
    'bücher.example',
    'a。example',
    '\u212Anight.example',
    'a.example\u0000',
    'localhost.',
    'localhost.1',
  ]
  refusesAll(Domain, [...spoilt, ...strange, ...foreign, null, 7, ['a.example'], { domain: 'a.example' }])
})

test('a client id is one number, however it is spelled', () => {
  const spelled = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(16), fc.boolean())
  fc.assert(
    fc.property(spelled, ([number, zeros, isUpper]) => {
      const digits = '0'.repeat(zeros) + number.toString(16)
      assert.equal(ClientId.parse(isUpper ? digits.toUpperCase() : digits), number.toString(16))
    }),
  )
})

test('a client id has 64 bits', () => {
  acceptsAll(ClientId, ['0', 'ffffffffffffffff', '0000000000000000ffffffffffffffff'])
  refusesAll(ClientId, ['', '10000000000000000', '-1', '0x1f', '1f4 ', ' 1f4', 'g', '1.5', 500, '0'.repeat(40)])
})

test('ids of users and conversations are written in lower case', () => {
  fc.assert(fc.property(respelled(fc.uuid()), ([text, spelling]) => assert.equal(UserId.parse(spelling), text)))
})

test('an id may be of any UUID version, but of one shape', () => {
  acceptsAll(ConversationId, ['00000000-0000-0000-0000-000100000007', '1b1e95b3-b825-59bb-b122-16814f52a0ed'])
  const spoilt = [
    '1b1e95b3b82559bbb12216814f52a0ed',
    '{1b1e95b3-b825-59bb-b122-16814f52a0ed}',
    '',
    'me',
    '../../etc/passwd',
  ]
  refusesAll(ConversationId, [
    ...spoilt,
    '1b1e95b3-b825-59bb-b122-16814f52a0ed\n',
    '1b1e95b3-b825-59bb-b122-16814f52a0e',
  ])
})

test('a qualified id needs both parts and keeps nothing else', () => {
  const id = '1b1e95b3-b825-59bb-b122-16814f52a0ed'
  assert.deepEqual(QualifiedUserId.parse({ domain: 'A.example', id, more: 1 }), { domain: 'a.example', id })
  refusesAll(QualifiedUserId, [{ id }, { domain: 'a.example' }, `${id}@a.example`])
})

test('any RFC 3339 time is read and written in UTC with milliseconds', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
      fc.integer({ min: -14 * 60, max: 14 * 60 }),
      fc.stringMatching(/^[0-9]{0,9}$/),
      (time, offsetMinutes, finer) => {
        const local = new Date(time.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1)
        assert.equal(Timestamp.parse(local + finer + offset(offsetMinutes)), time.toISOString())
      },
    ),
  )
})

const offset = (minutes: number): string => {
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

test('a time without fraction gets one', () => {
  assert.equal(Timestamp.parse('2024-05-01T10:00:00Z'), '2024-05-01T10:00:00.000Z')
  assert.equal(Timestamp.parse('2024-05-01T10:00:00.5Z'), '2024-05-01T10:00:00.500Z')
  assert.equal(Timestamp.parse('1864-04-12T12:22:43.673Z'), '1864-04-12T12:22:43.673Z')
})

test('a time that never is, or that a database cannot hold, is refused', () => {
  refusesAll(Timestamp, [
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01',
    'now',
    '',
  ])
  refusesAll(Timestamp, [
    '0000-12-31T23:59:59Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    1_714_557_600,
  ])
  refusesAll(Timestamp, [`2024-05-01T10:00:00.${'0'.repeat(100)}Z`])
})

test('Base64 of any bytes is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.equal(Base64.parse(text), text)
    }),
  )
})

test('two texts that are Base64 of the same bytes are the same text', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^(?:[A-Za-f0-3]{4}){0,2}[A-Za-f0-3+/]{1,4}={0,2}$/), (text) => {
      fc.pre(Base64.safeParse(text).success)
      assert.equal(Buffer.from(text, 'base64').toString('base64'), text)
    }),
  )
})

test('Base64 is padded and in the standard alphabet', () => {
  refusesAll(Base64, ['Zg', 'Zg=', 'Zh==', 'Zm9', 'Zm9v=', '====', 'Zg==Zg==', '-_-_', 'Zm 9v', 'Zm9v\n', '💣💣', null])
})

test('the longest Base64 is read, and a longer one is only refused', () => {
  const longest = 'A'.repeat(Math.ceil(BASE64_BYTES_MAX / 3) * 4)
  acceptsAll(Base64, [longest])
  assert.equal(Base64.safeParse(`${longest}AAAA`).success, false)
  assert.equal(Base64.safeParse(`${longest.slice(4)}AA!A`).success, false)
})

test('names are counted in characters, not in the units that hold them', () => {
  acceptsAll(Name, ['a', '🐻'.repeat(128), 'e\u0301'.repeat(64)])
  refusesAll(Name, ['', '🐻'.repeat(129), 'a'.repeat(129)])
})

test('text that cannot be stored is refused', () => {
  refusesAll(Name, ['a\u0000b', 'a\ud83d', '\udc3ba'])
})

test('handles have 2 to 256 small letters, digits and a few signs', () => {
  acceptsAll(Handle, ['ab', 'a.b-c_9', 'x'.repeat(256)])
  refusesAll(Handle, ['a', 'x'.repeat(257), 'Alice', 'älice', '@alice', 'a b', 'alice\n'])
})

test('an asset key is never a path', () => {
  const uuid = '1b1e95b3-b825-59bb-b122-16814f52a0ed'
  acceptsAll(AssetKey, [`3-1-${uuid}`, `3-5-${uuid.toUpperCase()}`])
  refusesAll(AssetKey, [
    `3-0-${uuid}`,
    `3-6-${uuid}`,
    `4-1-${uuid}`,
    `3-1-${uuid}/..`,
    `../3-1-${uuid}`,
    `3-1-..%2f${uuid}`,
  ])
})

test('tokens, prekey ids, request ids and names of subconversations keep to their alphabets', () => {
  acceptsAll(AssetToken, ['aGVsbG8', 'aGVsbG8=', '_-'])
  refusesAll(AssetToken, ['', '+/', 'a b', 'x'.repeat(257), '='])
  acceptsAll(PrekeyId, [0, 65_535])
  refusesAll(PrekeyId, [-1, 65_536, 0.5, '1'])
  acceptsAll(RequestId, ['N/A', '6e0dd0a1-2a3d-4c3e-9f5e-3a5a3c1a8a55'])
  refusesAll(RequestId, ['', 'a b', 'a\r\nb', 'x'.repeat(129), 'ü'])
  acceptsAll(SubConvId, ['conference', '~'.repeat(255)])
  refusesAll(SubConvId, ['', 'a b', 'x'.repeat(256), 'ü', 'a\n'])
})
