import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grid, quantile, table } from './figures.ts'

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

test('a goal that was not reached is marked', () => {
  const text = table([
    { name: 'slow', value: 6, unit: 's', below: 5 },
    { name: 'fast', value: 0.4, unit: '×', atLeast: 0.35 },
    { name: 'poor', value: 0.3, unit: '×', atLeast: 0.35 },
  ])
  assert.equal(
    text,
    [
      'slow  6.00 s   (goal: below 5 s, missed)',
      'fast  0.40 ×   (goal: at least 0.35 ×)',
      'poor  0.30 ×   (goal: at least 0.35 ×, missed)',
    ].join('\n'),
  )
})

test('a grid has its names on the left and its numbers on the right', () => {
  const text = grid([
    ['chain', 'req/s'],
    ['ours', '900'],
    ['theirs', '12000'],
  ])
  assert.equal(
    text,
    ['| chain  | req/s |', '| ------ | ----: |', '| ours   |   900 |', '| theirs | 12000 |'].join('\n'),
  )
})
