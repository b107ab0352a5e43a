import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { eventTimes, LEAD_MS_MAX, timestampOf } from './event-times.ts'

test('events of the same millisecond get different, rising times', async () => {
  const clock = testClock()
  const start = clock.now().getTime()
  const times = eventTimes(clock)
  assert.deepEqual([times.next(), times.next(), times.next()], [start, start + 1, start + 2])
  await clock.advance(10)
  assert.equal(times.next(), start + 10)
})

test('times never lead the clock by more than a bound', () => {
  const clock = testClock()
  const start = clock.now().getTime()
  const times = eventTimes(clock)
  const all = Array.from({ length: 3 * LEAD_MS_MAX }, () => times.next())
  assert.ok(Math.max(...all) <= start + LEAD_MS_MAX)
})

test('what follows from something that another service told is later, also when clocks differ', async () => {
  const clock = testClock()
  const start = clock.now().getTime()
  const times = eventTimes(clock)
  assert.equal(times.next(start), start + 1)
  assert.equal(times.next(start + 500), start + 501)
  assert.equal(times.next(), start + 502)
  // A clock that is ahead by more than the bound does not take all others along.
  assert.equal(times.next(start + 60_000), start + 60_001)
  assert.equal(times.next(), start + 504)
})

test('a time is written to the millisecond, whatever was written before it', () => {
  const times = [1_767_225_599_999, 1_767_225_600_000, 1_767_225_600_007, 1_767_225_599_080, -1]
  assert.deepEqual(
    times.map(timestampOf),
    times.map((time) => new Date(time).toISOString()),
  )
})
