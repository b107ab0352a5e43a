import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { systemRandom } from '#src/kit/random.ts'
import { createParking } from './parking.ts'

const setUp = () => {
  const clock = testClock()
  return { clock, parking: createParking({ clock, random: systemRandom }) }
}
const LETTER = { id: '1', text: '{}', topics: [7] }

test('who waited so briefly that it is over at once is read again nonetheless, and once', async () => {
  const { clock, parking } = setUp()
  const delayMs = parking.park(LETTER) ?? Number.NaN
  await clock.advance(delayMs + 1)
  // What is about the same is not to go ahead of him, who has not been read again.
  assert.deepEqual([parking.topics(), parking.nextMs()], [[7], 0])
  parking.resume()
  assert.deepEqual([parking.topics(), parking.nextMs()], [[], undefined])
})

test('one whose time is over is not kept waiting by another whose time is not', async () => {
  const { clock, parking } = setUp()
  const first = parking.park(LETTER) ?? Number.NaN
  await clock.advance(first + 1)
  parking.park({ ...LETTER, id: '2', topics: [8] })
  assert.equal(parking.nextMs(), 0)
  parking.resume()
  assert.deepEqual(parking.topics(), [8])
})

test('who fails again waits again, and who is gone waits no more', async () => {
  const { clock, parking } = setUp()
  const first = parking.park(LETTER) ?? Number.NaN
  await clock.advance(first + 1)
  parking.resume()
  parking.park(LETTER)
  assert.ok((parking.nextMs() ?? 0) > 0)
  parking.leave('1')
  assert.deepEqual([parking.topics(), parking.nextMs()], [[], undefined])
})
