import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { testClock } from '#src/kit/clock.ts'
import { fake } from '#src/kit/http/fake.ts'
import { nullLog } from '#src/kit/log.ts'
import { deviceActivity } from './activity.ts'
import { ALICE, LAPTOP, PHONE, startTestGundeck, temporaryDatabase } from './testing.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const playBrig = () => {
  const state = { isDown: false }
  const brig = fake(brigInternal, {
    'note-activity': async () => {
      if (state.isDown) throw new Error('brig is down')
      return { outcome: 'noted' }
    },
  })
  return { state, brig, noted: () => brig.calls.map(({ input }) => (input as { body: unknown }).body) }
}

test('CLI-014: a device is noted once a week, with the week rounded up', async () => {
  const clock = testClock()
  const { brig, noted } = playBrig()
  const activity = deviceActivity({ brig, clock, log: nullLog })
  const readAll = async () => {
    for (const client of [PHONE, LAPTOP, PHONE, 'no device', undefined]) await activity.note(ALICE, client)
  }
  await readAll()
  await clock.advance(DAY_MS)
  await readAll()
  // The test clock begins on a Thursday, and so do weeks since 1970: its first moment is the end of a week.
  const first = { user: ALICE, until: '2026-01-01T00:00:00.000Z' }
  const second = { user: ALICE, until: '2026-01-08T00:00:00.000Z' }
  assert.deepEqual(noted(), [
    { ...first, client: PHONE },
    { ...first, client: LAPTOP },
    { ...second, client: PHONE },
    { ...second, client: LAPTOP },
  ])
})

test('a device that could not be noted is noted the next time', async () => {
  const { state, brig, noted } = playBrig()
  const activity = deviceActivity({ brig, clock: testClock(), log: nullLog })
  state.isDown = true
  await activity.note(ALICE, PHONE)
  state.isDown = false
  await activity.note(ALICE, PHONE)
  await activity.note(ALICE, PHONE)
  assert.equal(noted().length, 2)
})

test('CLI-014: reading notifications for a device notes it, and works while brig does not', async () => {
  await using database = await temporaryDatabase()
  const { state, brig, noted } = playBrig()
  await using gundeck = await startTestGundeck(database, { clock: testClock(), brig })
  state.isDown = true
  assert.deepEqual((await gundeck.list(`?client=${PHONE}`)).notifications, [])
  state.isDown = false
  await gundeck.list(`?client=${PHONE}`)
  await gundeck.list()
  assert.equal(noted().length, 2)
})
