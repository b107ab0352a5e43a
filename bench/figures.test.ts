import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantile, table } from './figures.ts'

test('quantiles are values that occurred', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.deepEqual([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99)], [50, 99, 7])
})

test('a table aligns names and values and states goals', () => {
  const text = table([
    { name: 'start', value: 1.234, unit: 's', below: 5 },
    { name: 'messages', value: 200, unit: '1' },
  ])
  assert.equal(text, 'start     1.23 s   (goal: below 5 s)\nmessages   200')
})
