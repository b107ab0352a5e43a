import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { waitAskedFor } from './retry-after.ts'

const clock = testClock(new Date('2026-01-01T00:00:00Z'))
const asked = (value: string | undefined, status = 429) =>
  waitAskedFor(status, value === undefined ? {} : { 'retry-after': value }, clock)

test('seconds and dates are understood, on the two statuses that speak of the moment', () => {
  assert.equal(asked('7'), 7_000)
  assert.equal(asked('7', 503), 7_000)
  assert.equal(asked('Thu, 01 Jan 2026 00:00:09 GMT'), 9_000)
  assert.equal(asked('7', 500), undefined)
  assert.equal(asked('7', 200), undefined)
})

test('what is absent, past or no time at all asks for nothing', () => {
  for (const value of [undefined, '', '0', '-1', 'soon', 'Wed, 31 Dec 2025 00:00:00 GMT']) {
    assert.equal(asked(value), undefined)
  }
})

test('nobody is left alone for more than a minute', () => {
  assert.equal(asked('999999999'), 60_000)
  assert.equal(asked('Thu, 01 Jan 2099 00:00:00 GMT'), 60_000)
})
