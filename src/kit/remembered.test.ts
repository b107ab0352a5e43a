import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from './clock.ts'
import { remembered } from './remembered.ts'

const counted = () => {
  const clock = testClock()
  let reads = 0
  const read = async (): Promise<number> => {
    reads += 1
    if (reads === 3) throw new Error('not now')
    return reads
  }
  return { clock, value: remembered({ read, ttlMs: 1_000, clock }) }
}

test('a value is read once until it is forgotten or its time is over', async () => {
  const { clock, value } = counted()
  assert.deepEqual(await Promise.all([value.get(), value.get()]), [1, 1])
  value.forget()
  assert.equal(await value.get(), 2)
  await clock.advance(1_000)
  await assert.rejects(value.get(), /not now/)
  assert.equal(await value.get(), 4)
})

test('who asks after a change does not get a reading from before it', async () => {
  const clock = testClock()
  const readings = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  let reads = 0
  const value = remembered({ read: () => readings[reads++]?.promise ?? Promise.resolve('more'), ttlMs: 1_000, clock })
  const before = value.get()
  value.forget()
  const after = value.get()
  readings[1]?.resolve('new')
  readings[0]?.resolve('old')
  assert.deepEqual(await Promise.all([before, after, value.get()]), ['old', 'new', 'new'])
})
