import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { peerGate } from './peer-gate.ts'

const B = Domain.parse('b.example')
const C = Domain.parse('c.example')
const LIMITS = { transfersMax: 2, waitingMax: 1, waitMs: 1_000, burst: 3, perSecond: 10 }
const isTooMany = (error: unknown): boolean => error instanceof Refusal && error.status === 429

test('a peer has so many transfers at once; one more waits for its turn, and a third is refused', async () => {
  const gate = peerGate(testClock(), LIMITS)
  const first = await gate.transfer(B)
  await gate.transfer(B)
  const waiting = gate.transfer(B)
  await assert.rejects(gate.transfer(B), isTooMany)
  await gate.transfer(C)
  assert.equal(gate.transfers, 3)
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  const third = await waiting
  third[Symbol.dispose]()
  assert.equal(gate.transfers, 2)
})

test('who waits for too long is refused, and leaves no place taken', async () => {
  const clock = testClock()
  const gate = peerGate(clock, LIMITS)
  const turns = [await gate.transfer(B), await gate.transfer(B)]
  const refused = assert.rejects(gate.transfer(B), isTooMany)
  await clock.advance(LIMITS.waitMs)
  await refused
  for (const turn of turns) turn[Symbol.dispose]()
  assert.equal(gate.transfers, 0)
  await gate.transfer(B)
})

test('a peer may ask many questions at once and then so many per second, and others as well', async () => {
  const clock = testClock()
  const gate = peerGate(clock, LIMITS)
  for (let asked = 0; asked < LIMITS.burst; asked += 1) gate.admit(B)
  assert.throws(() => gate.admit(B), isTooMany)
  gate.admit(C)
  await clock.advance(100)
  gate.admit(B)
  assert.throws(() => gate.admit(B), isTooMany)
})
