/** Where phones can be woken, and what time it is: what gundeck knows besides notifications. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Database } from '#src/storage/database.ts'
import { PUSH_TOKENS_PER_USER_MAX } from './limits.ts'
import { ALICE, BOB, LAPTOP, PHONE, startTestGundeck, temporaryDatabase, type TestGundeck } from './testing.ts'

let database: Database
let gundeck: TestGundeck
before(async () => {
  database = await temporaryDatabase()
})
after(() => database[Symbol.asyncDispose]())
beforeEach(async () => {
  gundeck = await startTestGundeck(database)
  for (const user of [ALICE, BOB]) await gundeck.tell('remove-user', { user })
})
afterEach(() => gundeck[Symbol.asyncDispose]())

const TOKEN = { transport: 'GCM', app: 'x', token: 't1', client: PHONE }
const tokens = async (user = ALICE) => ((await gundeck.get('/push/tokens', user)).body as { tokens: unknown[] }).tokens

test('NTF-013 NTF-015: a device has one push token for each app and transport, and loses them with itself or its user', async () => {
  assert.deepEqual(await gundeck.send('POST', '/push/tokens', TOKEN), { status: 201, body: TOKEN })
  const newer = { ...TOKEN, token: 't2' }
  const other = { ...TOKEN, app: 'y', token: 't3' }
  for (const each of [newer, other]) assert.equal((await gundeck.send('POST', '/push/tokens', each)).status, 201)
  assert.deepEqual(await tokens(), [newer, other])
  const voip = await gundeck.send('POST', '/push/tokens', { ...TOKEN, transport: 'APNS_VOIP' })
  assert.deepEqual([voip.status, (voip.body as { label: string }).label], [400, 'apns-voip-not-supported'])
  assert.equal((await gundeck.send('DELETE', '/push/tokens/t3', undefined)).status, 204)
  assert.equal((await gundeck.send('DELETE', '/push/tokens/t3', undefined)).status, 404)
  await gundeck.send('POST', '/push/tokens', { ...TOKEN, client: LAPTOP, token: 't4' })
  await gundeck.tell('remove-client', { user: ALICE, client: PHONE })
  assert.deepEqual(await tokens(), [{ ...TOKEN, client: LAPTOP, token: 't4' }])
  await gundeck.tell('remove-user', { user: ALICE })
  assert.deepEqual(await tokens(), [])
})

test('a phone that changes hands wakes nobody else any more, and a user has a bounded number of tokens', async () => {
  await gundeck.send('POST', '/push/tokens', TOKEN)
  await gundeck.send('POST', '/push/tokens', TOKEN, BOB)
  assert.deepEqual([await tokens(), await tokens(BOB)], [[], [TOKEN]])
  const many = Array.from({ length: PUSH_TOKENS_PER_USER_MAX + 2 }, (_, number) => ({
    ...TOKEN,
    app: `app ${number}`,
    token: `token ${number}`,
  }))
  for (const each of many) await gundeck.send('POST', '/push/tokens', each)
  assert.deepEqual(await tokens(), many.slice(2))
})

test('NTF-023: the time is told in UTC', async () => {
  const { status, body } = await gundeck.get('/time')
  assert.equal(status, 200)
  assert.match((body as { time: string }).time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
})
