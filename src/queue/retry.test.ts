import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RETRY_MAX_MS, RETRY_MIN_MS } from './limits.ts'
import { retryDelayMs } from './retry.ts'

test('the wait doubles from its least to its most, and is anywhere in the upper half of that', () => {
  const waits = [1, 2, 3, 13, 14, 1_000_000].map((failures) => [
    retryDelayMs({ failures, unit: 0 }),
    retryDelayMs({ failures, unit: 1 }),
  ])
  assert.deepEqual(waits, [
    [5, 10],
    [10, 20],
    [20, 40],
    [20_480, 40_960],
    [30_000, 60_000],
    [30_000, 60_000],
  ])
})

test('what is promised to peers: the first wait is at most a second, the longest at most a minute', () => {
  assert.ok(RETRY_MIN_MS <= 1_000)
  assert.ok(RETRY_MAX_MS <= 60_000)
})
