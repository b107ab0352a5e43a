import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { WAITING_PER_TARGET_MAX } from '../limits.ts'
import { createWaitingLine } from './waiting-line.ts'

test('those who wait longest go first, as many as there is room for', async () => {
  const line = createWaitingLine(testClock(), 1_000)
  const gone: string[] = []
  const all = ['a', 'b', 'c'].map((name) => line.wait(undefined).then(() => gone.push(name)))
  line.wake(2)
  await Promise.all(all.slice(0, 2))
  assert.deepEqual(gone, ['a', 'b'])
  assert.equal(line.isEmpty, false)
  line.wake(Number.POSITIVE_INFINITY)
  await Promise.all(all)
  assert.equal(line.isEmpty, true)
})

test('nobody waits for ever', async () => {
  const clock = testClock()
  const line = createWaitingLine(clock, 1_000)
  const waiting = assert.rejects(line.wait(undefined), /left no room/)
  await clock.advance(1_000)
  await waiting
  assert.equal(line.isEmpty, true)
})

test('who gives up leaves the line', async () => {
  const line = createWaitingLine(testClock(), 1_000)
  const controller = new AbortController()
  const waiting = line.wait(controller.signal)
  controller.abort(new Error('not needed any more'))
  await assert.rejects(waiting, /not needed/)
  assert.equal(line.isEmpty, true)
})

test('the line has an end', async () => {
  const line = createWaitingLine(testClock(), 1_000)
  const all = Array.from({ length: WAITING_PER_TARGET_MAX }, () => line.wait(undefined))
  await assert.rejects(line.wait(undefined), /too many/)
  line.wake(Number.POSITIVE_INFINITY)
  await Promise.all(all)
})
