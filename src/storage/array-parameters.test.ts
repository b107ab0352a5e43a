import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrayEncoder } from './array-parameters.ts'

const encoded = (type: string, elements: readonly unknown[]): string | undefined =>
  arrayEncoder(type)?.(elements).toString('hex')

const HEADER = '00000001'
const ONE = '0000000100000001'

test('an array is written as PostgreSQL reads it in binary, nulls too', () => {
  const [noNulls, nulls] = ['00000000', '00000001']
  assert.equal(encoded('text', ['ä']), `${HEADER}${noNulls}00000019${ONE}00000002c3a4`)
  assert.equal(encoded('text', [null]), `${HEADER}${nulls}00000019${ONE}ffffffff`)
  assert.equal(encoded('int', [-2]), `${HEADER}${noNulls}00000017${ONE}00000004fffffffe`)
  assert.equal(
    encoded('uuid', ['6F1e1f2a-0000-4000-8000-00000000abcd']),
    `${HEADER}${noNulls}00000b86${ONE}000000106f1e1f2a000040008000 00000000abcd`.replace(' ', ''),
  )
})

test('numbers of 64 bits are exact, as numbers and as the decimals that the database gives', () => {
  const values = [0, -1, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, '17', '9007199254740993', -(2n ** 63n)]
  const array = arrayEncoder('bigint')?.(values)
  assert.ok(array)
  assert.deepEqual(
    values.map((_, index) => array.readBigInt64BE(20 + index * 12 + 4)),
    values.map((value) => BigInt(value)),
  )
})

test('what is no value of the type is refused as the server refuses it', () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['text', 1],
    ['uuid', '6f1e1f2a-0000-4000-8000-00000000abcg'],
    ['uuid', '6f1e1f2a-0000-4000-8000-00000000abc'],
    ['uuid', '6f1e1f2a-0000-4000-8000-00000000abcä'],
    ['uuid', '6f1e1f2a00000-4000-8000-00000000abcd'],
    ['int', 0x80000000],
    ['int', 1.5],
    ['bigint', 'x'],
    ['bigint', '9223372036854775808'],
  ]
  for (const [type, value] of wrong) assert.throws(() => encoded(type, [value]), { code: '22P02' })
})
