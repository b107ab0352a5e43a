import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { listenForInterrupts } from './interrupts.ts'

test('one Ctrl-C that comes twice, by the terminal and by npm, is one; a later one insists', async () => {
  const clock = testClock()
  let insisted = 0
  using interrupts = listenForInterrupts(clock, () => (insisted += 1))
  assert.equal(interrupts.isInterrupted, false)

  process.emit('SIGINT')
  process.emit('SIGINT')
  await interrupts.interrupted
  assert.equal(insisted, 0)

  await clock.advance(1_000)
  process.emit('SIGINT')
  assert.equal(insisted, 1)
})
