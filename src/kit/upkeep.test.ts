import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from './clock.ts'
import { nullLog } from './log.ts'
import { keepUp } from './upkeep.ts'

test('runs at once, again after each pause, and goes on after a run that failed', async () => {
  const clock = testClock()
  let runs = 0
  const work = async (): Promise<void> => {
    runs += 1
    if (runs === 2) throw new Error('the database is away')
  }
  await using _upkeep = keepUp({ work, everyMs: 1_000, what: 'testing' }, { clock, log: nullLog })
  assert.equal(runs, 1)
  // The pause begins when the run has been heard to end.
  await clock.advance(0)
  await clock.advance(999)
  assert.equal(runs, 1)
  await clock.advance(1)
  assert.equal(runs, 2)
  await clock.advance(1_000)
  assert.equal(runs, 3)
})

test('stops after the run in progress, which is told, and begins no other', async () => {
  const clock = testClock()
  const middle = Promise.withResolvers<void>()
  const seen: boolean[] = []
  const work = async (stopping: AbortSignal): Promise<void> => {
    await middle.promise
    seen.push(stopping.aborted)
  }
  const upkeep = keepUp({ work, everyMs: 1_000, what: 'testing' }, { clock, log: nullLog })
  const stopped = upkeep[Symbol.asyncDispose]()
  middle.resolve()
  await stopped
  await clock.advance(10_000)
  assert.deepEqual(seen, [true])
})
