import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderDecoder } from './decoder.ts'
import { HeaderEncoder } from './encoder.ts'
import { CODE_LENGTHS, CODES } from './huffman-code.ts'
import { decodeHuffman } from './huffman.ts'

const BOUNDS = { charactersMax: 32 * 1024, pairsMax: 100 }
const decoder = () => new HeaderDecoder(BOUNDS)
const encoder = () => new HeaderEncoder({ unique: new Set(['x-unique']), secret: new Set(['x-secret']) })
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const read = (from: HeaderDecoder, block: Buffer) => from.decode(block, 0, block.length)

test('the examples of RFC 7541 with Huffman code, requests on one connection (C.4)', () => {
  const on = decoder()
  const first = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
  assert.deepEqual(read(on, hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).fields, first)
  assert.deepEqual(read(on, hex('8286 84be 5886 a8eb 1064 9cbf')).fields, [...first, 'cache-control', 'no-cache'])
  assert.deepEqual(read(on, hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).fields, [
    ':method',
    'GET',
    ':scheme',
    'https',
    ':path',
    '/index.html',
    ':authority',
    'www.example.com',
    'custom-key',
    'custom-value',
  ])
})

test('the example of RFC 7541 without Huffman code (C.3.1, C.2.2)', () => {
  const first = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
  assert.deepEqual(read(decoder(), hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).fields, first)
  const literal = hex('040c 2f73 616d 706c 652f 7061 7468')
  assert.deepEqual(read(decoder(), literal).fields, [':path', '/sample/path'])
})

/** As in Appendix B, for the tests only. */
const huffman = (bytes: Uint8Array): Buffer => {
  let bits = ''
  for (const byte of bytes) bits += (CODES[byte] ?? 0).toString(2).padStart(CODE_LENGTHS[byte] ?? 0, '0')
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  return Buffer.from(bits.match(/.{8}/g)?.map((eight) => Number.parseInt(eight, 2)) ?? [])
}

test('the Huffman code is whole, and what is written in it is read again', () => {
  assert.equal(
    CODE_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0),
    1,
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const target = Buffer.alloc(400)
      const coded = huffman(bytes)
      const length = decodeHuffman(coded, 0, coded.length, target)
      assert.deepEqual(target.subarray(0, length), Buffer.from(bytes))
    }),
  )
})

for (const [what, coded] of [
  ['padding of zeros', 'f0'],
  ['padding of a byte', '1c64 ff'],
  ['the end of the string as a symbol', 'ffff fffc'],
] as const) {
  test(`a string in Huffman code with ${what} is refused`, () => {
    const bytes = hex(coded)
    assert.equal(decodeHuffman(bytes, 0, bytes.length, Buffer.alloc(100)), -1)
  })
}

const FIELD = fc.tuple(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((name) => !['te', 'upgrade', 'connection'].includes(name)),
  fc.stringMatching(/^([!-~][ -~]{0,60}[!-~]|)$/),
)

test('what our encoder writes is read again, block after block, whatever the table is limited to', () => {
  const blocks = fc.array(fc.tuple(fc.array(FIELD, { maxLength: 12 }), fc.option(fc.nat({ max: 5_000 }))), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(blocks, (blocks) => {
      const [writing, reading] = [encoder(), decoder()]
      for (const [fields, limit] of blocks) {
        if (limit !== null) writing.limitTable(limit)
        const list = fields.flat()
        assert.deepEqual(read(reading, writing.encode(list)).fields, list)
      }
    }),
  )
})

test('what is said again is a few bytes, what is unique or secret is never remembered', () => {
  const writing = encoder()
  const fields = [
    ':method',
    'POST',
    ':scheme',
    'https',
    ':path',
    '/federation/brig/x',
    'wire-origin-domain',
    'a.example',
  ]
  assert.ok(writing.encode(fields).length > 20)
  assert.equal(writing.encode(fields).length, 4)
  const before = writing.encode(['x-unique', 'one']).length
  assert.equal(writing.encode(['x-unique', 'one']).length, before)
  // §6.2.3: never to be remembered, by anybody.
  assert.equal(writing.encode(['x-secret', 'pass'])[0], 0x10)
})

test('a field that may not be sent is refused, and the other end understands what comes after', () => {
  const [writing, reading] = [encoder(), decoder()]
  const good = ['x-a', 'a', 'x-b', 'b']
  read(reading, writing.encode(good))
  assert.throws(() => writing.encode(['x-new', 'new', 'x-bad', 'a\r\nb: c']), TypeError)
  assert.throws(() => writing.encode(['x-bad', 'Ā']), TypeError)
  assert.throws(() => writing.encode(['bad name', '']), TypeError)
  assert.throws(() => writing.encode(['transfer-encoding', 'chunked']), TypeError)
  assert.deepEqual(read(reading, writing.encode([...good, 'x-new', 'new'])).fields, [...good, 'x-new', 'new'])
})

for (const [what, block] of [
  ['a field without number', '80'],
  ['a field that nobody has sent', 'be'],
  ['a name that nobody has sent', '7f00 00'],
  ['a number without end', '7fff ffff ffff ffff ffff 00'],
  ['a number that breaks off', 'ff80'],
  ['a string longer than the block', '0001 6105 61'],
  ['a string that is missing', '0001 61'],
  ['a table larger than was said', '3fe2 1f'],
  ['a size of the table after a field', '8220'],
  ['a string that is no Huffman code', '0001 6184 ffff ffff'],
] as const) {
  test(`a block with ${what} ends the connection`, () => {
    assert.throws(() => read(decoder(), hex(block)), { name: 'ConnectionFault', code: 9 })
  })
}

for (const [what, name, value] of [
  ['upper case', 'X-A', 'a'],
  ['a space in the name', 'x a', 'a'],
  ['no name', '', 'a'],
  ['a line break', 'x-a', 'a\r\nx-b: c'],
  ['a NUL', 'x-a', 'a\0'],
  ['white space at the beginning', 'x-a', ' a'],
  ['white space at the end', 'x-a', 'a\t'],
] as const) {
  test(`a field with ${what} is malformed, each time it is named`, () => {
    const text = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
    const on = decoder()
    assert.equal(read(on, Buffer.concat([Buffer.from([0x40]), text(name), text(value)])).isMalformed, true)
    assert.equal(read(on, Buffer.from([0xbe])).isMalformed, true)
  })
}

test('a small block that names a large field thousands of times is bounded, and the table stays right', () => {
  const on = decoder()
  const name = Buffer.from('x-bomb')
  const value = Buffer.alloc(3_000, 'b')
  const length = Buffer.from([0x7f, ((3_000 - 127) & 0x7f) | 0x80, (3_000 - 127) >> 7])
  const bomb = Buffer.concat([Buffer.from([0x40, name.length]), name, length, value, Buffer.alloc(10_000, 0xbe)])
  const { isTooLarge, fields } = read(on, bomb)
  assert.deepEqual([isTooLarge, fields], [true, []])
  assert.equal(read(on, Buffer.from([0xbe])).fields[1]?.length, 3_000)
})
