import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rangeOf, readRange } from './ranges.ts'

const wanted = (header: string, size = 10) => rangeOf(readRange(header, undefined), size)
const part = (start: number, end: number) => ({ is: 'part', range: { start, end } })

test('one range of bytes is understood as RFC 9110 §14.1.2 has it', () => {
  assert.deepEqual(wanted('bytes=0-0'), part(0, 0))
  assert.deepEqual(wanted('bytes=2-4'), part(2, 4))
  assert.deepEqual(wanted('bytes=7-100'), part(7, 9))
  assert.deepEqual(wanted('bytes=3-'), part(3, 9))
  assert.deepEqual(wanted('bytes=-3'), part(7, 9))
  assert.deepEqual(wanted('bytes=-100'), part(0, 9))
})

test('a range that no byte is in is impossible', () => {
  assert.deepEqual(wanted('bytes=10-'), { is: 'impossible' })
  assert.deepEqual(wanted('bytes=-0'), { is: 'impossible' })
})

test('what is no such range is answered with the whole', () => {
  const odd = [
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=0-1,3-4',
    'bits=0-1',
    'bytes=a-b',
    'bytes=-1-2',
    `bytes=0-${'9'.repeat(50)}`,
  ]
  for (const header of odd) assert.deepEqual(wanted(header), { is: 'whole' })
  assert.deepEqual(rangeOf(readRange('bytes=0-1', '"etag"'), 10), { is: 'whole' })
})
