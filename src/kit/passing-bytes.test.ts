import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesPassed } from './passing-bytes.ts'

const PIECE_BYTES = 64 * 1024
const MEBIBYTE = 1024 * 1024

test('of a gibibyte that passes in pieces no more than a few tens of megabytes are there at one time', () => {
  const before = process.memoryUsage().arrayBuffers
  let peak = 0
  for (let passed = 0; passed < 1024 * MEBIBYTE; passed += PIECE_BYTES) {
    bytesPassed(Buffer.allocUnsafeSlow(PIECE_BYTES).length)
    if (passed % MEBIBYTE === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
  }
  assert.ok(peak < 64 * MEBIBYTE, `${Math.round(peak / MEBIBYTE)} MiB were held`)
})
