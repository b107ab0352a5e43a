import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { eventually } from '#src/storage/testing.ts'
import { createContinuity } from './continuity.ts'
import { SETTLING_INTERVAL_MS, SETTLING_RETRY_MAX_MS } from './limits.ts'

const setUp = () => {
  const clock = testClock()
  const database = { oldest: 7n, next: 7n, asked: 0, isAway: false }
  const horizon = async () => {
    database.asked += 1
    if (database.isAway) throw new Error('away')
    return { oldest: database.oldest, next: database.next }
  }
  const continuity = createContinuity({ horizon, clock, log: nullLog })
  const rows = (first: number, last: number, count = last - first + 1) => continuity.follow({ first, last, count })
  return { clock, database, continuity, rows }
}

test('the first rows begin an era, and those that follow without a gap belong to it', async () => {
  const { continuity, rows } = setUp()
  assert.equal(rows(5, 6), undefined)
  await eventually(() => continuity.settledEra() !== undefined, 'nobody else was writing')
  const era = continuity.settledEra()
  assert.deepEqual([rows(7, 7), rows(8, 10), rows(11, 11)], [era, era, era])
})

test('a gap, or somebody else in between, begins another one', async () => {
  for (const [first, last, count] of [
    [8, 9, 2],
    [7, 9, 2],
    [6, 7, 2],
    [3, 4, 2],
  ] as const) {
    await using set = await settledAfter(6)
    const { clock, continuity, rows } = set
    const before = continuity.settledEra()
    assert.deepEqual([rows(first, last, count), continuity.settledEra()], [undefined, undefined])
    await clock.advance(SETTLING_INTERVAL_MS)
    await eventually(() => continuity.settledEra() !== undefined, 'it was settled')
    assert.notEqual(continuity.settledEra(), before)
    assert.equal(rows(last + 1, last + 1), continuity.settledEra())
  }
})

test('an era is settled when all are done who had begun before it, whoever comes later', async () => {
  const { clock, database, continuity, rows } = setUp()
  Object.assign(database, { oldest: 7n, next: 9n })
  rows(1, 1)
  await eventually(() => database.asked === 1, 'it was asked')
  Object.assign(database, { oldest: 8n, next: 20n })
  await clock.advance(SETTLING_RETRY_MAX_MS)
  assert.deepEqual([continuity.settledEra(), rows(2, 2)], [undefined, undefined])
  Object.assign(database, { oldest: 9n, next: 30n })
  await clock.advance(SETTLING_RETRY_MAX_MS)
  assert.notEqual(rows(3, 3), undefined)
})

test('who writes all the time beside us costs a question now and then', async () => {
  const { clock, database, rows } = setUp()
  for (let id = 10; id < 1_000; id += 10) rows(id, id)
  await clock.advance(10 * SETTLING_INTERVAL_MS)
  for (let id = 1_000; id < 2_000; id += 10) rows(id, id)
  await clock.advance(10 * SETTLING_INTERVAL_MS)
  assert.ok(database.asked <= 4, `asked ${database.asked} times`)
})

test('when the database cannot be asked it is asked again', async () => {
  const { clock, database, continuity, rows } = setUp()
  database.isAway = true
  rows(1, 1)
  await eventually(() => database.asked === 1, 'it was asked')
  database.isAway = false
  await eventually(async () => {
    await clock.advance(SETTLING_RETRY_MAX_MS)
    return continuity.settledEra() !== undefined
  }, 'it was settled')
})

test('it stops while it waits', async () => {
  const { database, continuity, rows } = setUp()
  database.next = 8n
  rows(1, 1)
  await eventually(() => database.asked === 1, 'it was asked')
  await continuity[Symbol.asyncDispose]()
  assert.equal(continuity.settledEra(), undefined)
})

const settledAfter = async (last: number) => {
  const set = setUp()
  set.rows(last, last)
  await eventually(() => set.continuity.settledEra() !== undefined, 'it was settled')
  return { ...set, [Symbol.asyncDispose]: () => set.continuity[Symbol.asyncDispose]() }
}
