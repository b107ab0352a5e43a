import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anyJson } from './shapes.ts'

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

test('a value of any kind is taken as it is', () => {
  const values = [null, false, 0, '', [], {}, { a: [1, { b: null }] }, JSON.parse('{"__proto__":1}')]
  assert.deepEqual(
    values.map((value) => anyJson(3).parse(value)),
    values,
  )
  assert.equal(anyJson(3).safeParse(undefined).success, false)
})

test('a value that could be read and not be written again is refused', () => {
  assert.equal(anyJson(64).safeParse(nested(64)).success, true)
  assert.equal(anyJson(64).safeParse(nested(65)).success, false)
  assert.equal(anyJson(64).safeParse({ a: nested(64) }).success, false)
  assert.equal(anyJson(64).safeParse(nested(100_000)).success, false)
})
