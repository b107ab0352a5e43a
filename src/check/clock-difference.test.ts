import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeClock } from './clock-difference.ts'

/** An answer that took half a second and whose date is `seconds` after ours. */
const apart = (seconds: number) => {
  const sentAt = new Date('2026-01-01T12:00:00.000Z')
  const date = new Date(sentAt.getTime() + seconds * 1_000).toUTCString()
  return judgeClock({ date, sentAt, receivedAt: new Date(sentAt.getTime() + 500) }, 'beta.test')
}

test('clocks that agree within what can be measured are good', () => {
  assert.equal(apart(0).verdict, 'ok')
  assert.equal(apart(20).verdict, 'ok')
  assert.equal(apart(-20).verdict, 'ok')
})

test('a minute of difference is worth a look, and says who is behind', () => {
  assert.equal(apart(60).verdict, 'warning')
  assert.match(apart(60).fact, /^ours is 60\.\d s behind theirs/)
  assert.match(apart(-60).fact, /^ours is \d+\.\d s ahead of theirs/)
})

test('more than ten minutes fail', () => {
  assert.equal(apart(601).verdict, 'failed')
  assert.equal(apart(-601).verdict, 'failed')
})

test('an answer without a date, or with nonsense for one, says nothing about clocks', () => {
  const now = new Date('2026-01-01T12:00:00.000Z')
  assert.equal(judgeClock({ date: undefined, sentAt: now, receivedAt: now }, 'beta.test').verdict, 'ok')
  assert.equal(judgeClock({ date: 'yesterday', sentAt: now, receivedAt: now }, 'beta.test').verdict, 'ok')
})
