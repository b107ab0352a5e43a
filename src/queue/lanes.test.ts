import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { seededRandom } from '#src/kit/random.ts'
import { eventually } from '#src/storage/testing.ts'
import { createLanes } from './lanes.ts'
import { LANE_IDLE_MS } from './limits.ts'
import type { OutboxStore } from './outbox-store.ts'
import { createTally } from './tally.ts'

const LANE = { service: 'galley', lane: 'b.example' }

/** Lanes over rows in memory, which count the locks that are held. */
const lanesOver = (rows: string[]) => {
  const clock = testClock()
  const held = new Set<string>()
  const store: OutboxStore = {
    lanes: async () => [],
    head: async () => ({
      letters: rows.map((id) => ({ id, text: '', topics: [0] })),
      isAll: true,
      isPaused: false,
    }),
    acknowledge: async (ids) => {
      rows.splice(0, ids.length)
    },
    bury: async () => {},
    isWaiting: async () => false,
    horizon: async () => ({ oldest: 1n, next: 1n }),
  }
  const tryLock = async (key: string) => {
    if (held.has(key)) return undefined
    held.add(key)
    return {
      lost: new AbortController().signal,
      [Symbol.asyncDispose]: async () => {
        held.delete(key)
      },
    }
  }
  const delivery = { attempt: async () => ({ count: 1, verdict: { verdict: 'delivered' } as const }) }
  const partsOf = () => ({
    store,
    delivery,
    tally: createTally(),
    random: seededRandom(1),
    settledEra: () => undefined,
  })
  return { lanes: createLanes({ database: { tryLock }, partsOf, clock, log: nullLog }), clock, held, rows }
}

test('a lane that has nothing to do is forgotten after a while, and its lock given back', async () => {
  const { lanes, clock, held, rows } = lanesOver(['1'])
  lanes.wake(LANE)
  await eventually(() => rows.length === 0, 'the row was delivered')
  assert.equal(lanes.isAwake(LANE.lane), true)
  await eventually(async () => {
    await clock.advance(LANE_IDLE_MS)
    return !lanes.isAwake(LANE.lane)
  }, 'the lane was forgotten')
  assert.equal(held.size, 0)
  rows.push('2')
  lanes.wake(LANE)
  await eventually(() => rows.length === 0, 'the next row was delivered')
  await lanes[Symbol.asyncDispose]()
  assert.equal(held.size, 0)
})

test('after stopping no lane is woken', async () => {
  const { lanes, rows } = lanesOver(['1'])
  await lanes[Symbol.asyncDispose]()
  lanes.wake(LANE)
  assert.equal(lanes.isAwake(LANE.lane), false)
  assert.deepEqual(rows, ['1'])
})
