import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { answerPace } from './answer-pace.ts'

/** So many pieces, each after the peer took its time; the first complaint. */
const pieces = async (count: number, bytes: number, peerMs: number): Promise<Error | undefined> => {
  const clock = testClock()
  const pace = answerPace(clock)
  pace.waits()
  for (let sent = 0; sent < count; sent++) {
    await clock.advance(peerMs)
    const complaint = pace.came(bytes)
    if (complaint) return complaint
  }
  return undefined
}

test('a byte per second is not enough', async () => {
  assert.match(String(await pieces(100, 1, 1_000)), /too slowly/)
})

test('a bad line is', async () => {
  assert.equal(await pieces(200, 1_024, 1_000), undefined)
})

test('a slow reader is not the peer’s fault', async () => {
  const clock = testClock()
  const pace = answerPace(clock)
  for (let sent = 0; sent < 10; sent++) {
    pace.waits()
    assert.equal(pace.came(1), undefined)
    pace.rests()
    await clock.advance(60_000)
  }
})
