/** `/events`: devices that acknowledge what they get. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { WebSocket } from 'ws'
import { systemClock } from '#src/kit/clock.ts'
import { callerHeaders } from '#src/rpc/context.ts'
import type { Database } from '#src/storage/database.ts'
import { RETENTION_MS, UNACKNOWLEDGED_MAX } from './limits.ts'
import { gundeckStore } from './store.ts'
import { sweep } from './sweeper.ts'
import { ALICE, BOB, event, LAPTOP, PHONE, startTestGundeck, temporaryDatabase, type TestGundeck } from './testing.ts'

let database: Database
let gundeck: TestGundeck
before(async () => {
  database = await temporaryDatabase()
})
after(() => database[Symbol.asyncDispose]())
beforeEach(async () => {
  gundeck = await startTestGundeck(database)
  for (const user of [ALICE, BOB]) await gundeck.tell('remove-user', { user })
  await gundeck.tell('open-stream', { user: ALICE, client: PHONE })
})
afterEach(() => gundeck[Symbol.asyncDispose]())

test('NTF-017: what is not acknowledged comes again, what is does not', async () => {
  await gundeck.push(event('one'))
  const first = await gundeck.stream({ client: PHONE })
  await first.has(1)
  const [frame] = first.frames()
  const [logged] = (await gundeck.list()).notifications
  assert.deepEqual(frame, { type: 'event', data: { delivery_tag: 1, event: logged } })
  await first.leave()

  const second = await gundeck.stream({ client: PHONE })
  await second.has(1)
  assert.deepEqual(second.frames(), [frame])
  second.acknowledge(1)
  await second.leave()

  const third = await gundeck.stream({ client: PHONE, marker: 'm' })
  await third.has(1)
  assert.deepEqual(third.types(), ['synchronization'])
})

test('what happens while the stream is open comes at once, filtered by the device', async () => {
  const phone = await gundeck.stream({ client: PHONE, connection: '7' })
  await gundeck.push(event('for-laptop', { recipients: [{ user: ALICE, clients: [LAPTOP] }] }))
  await gundeck.push(event('typing', { transient: true }))
  await gundeck.push(event('own', { origin: { user: ALICE, connection: '7' } }), event('for-all'))
  await phone.has(3)
  assert.deepEqual(phone.types(), ['typing', 'own', 'for-all'])
})

test('NTF-017: acknowledged out of order, only the rest comes again; several at once are acknowledged with the last', async () => {
  await gundeck.push(...['one', 'two', 'three', 'four', 'five'].map((type) => event(type)))
  const first = await gundeck.stream({ client: PHONE })
  await first.has(5)
  first.acknowledge(2, true)
  first.acknowledge(4)
  await first.leave()
  const second = await gundeck.stream({ client: PHONE })
  await second.has(2)
  assert.deepEqual(second.types(), ['three', 'five'])
  second.acknowledge(2, true)
  await second.leave()
  await gundeck.push(event('six'))
  const third = await gundeck.stream({ client: PHONE })
  await third.has(1)
  assert.deepEqual(third.types(), ['six'])
})

test('no more than 500 events are under way; each that is acknowledged makes room for one', async () => {
  const types = Array.from({ length: UNACKNOWLEDGED_MAX + 3 }, (_, number) => `event ${number}`)
  await gundeck.push(...types.map((type) => event(type)))
  const phone = await gundeck.stream({ client: PHONE, marker: 'm' })
  await phone.has(UNACKNOWLEDGED_MAX)
  phone.acknowledge(2, true)
  await phone.has(UNACKNOWLEDGED_MAX + 2)
  assert.deepEqual(phone.types(), types.slice(0, UNACKNOWLEDGED_MAX + 2))
  phone.acknowledge(UNACKNOWLEDGED_MAX, true)
  await phone.has(UNACKNOWLEDGED_MAX + 4)
  assert.deepEqual(phone.types().slice(-2), [types.at(-1), 'synchronization'])
})

test('NTF-020: the marker comes after what was there before, and once', async () => {
  await gundeck.push(event('one'), event('two'))
  const phone = await gundeck.stream({ client: PHONE, marker: 'marker 1' })
  await phone.has(3)
  await gundeck.push(event('three'))
  await phone.has(4)
  assert.deepEqual(phone.types(), ['one', 'two', 'synchronization', 'three'])
  assert.deepEqual(phone.frames()[2], { type: 'synchronization', data: { delivery_tag: 3, marker_id: 'marker 1' } })
  phone.acknowledge(4, true)
  await phone.leave()
})

test('NTF-019: whoever missed something is told so, and nothing else until he has begun anew', async () => {
  await gundeck.push(event('expired'))
  const later = systemClock.now().getTime() + RETENTION_MS + 60_000
  const store = gundeckStore(await database.schema('gundeck', new URL('migrations/', import.meta.url)), {
    replica: undefined,
  })
  await sweep({ store, clock: { ...systemClock, now: () => new Date(later) } })
  const phone = await gundeck.stream({ client: PHONE })
  await phone.has(1)
  assert.deepEqual(phone.frames(), [{ type: 'notifications_missed' }])
  await gundeck.push(event('unheard for now'))
  await phone.leave()

  const again = await gundeck.stream({ client: PHONE })
  await again.has(1)
  again.say({ type: 'ack_full_sync' })
  await again.has(2)
  assert.deepEqual(again.types(), ['notifications_missed', 'unheard for now'])
  again.acknowledge(1)
  await again.leave()
  await gundeck.push(event('new'))
  const last = await gundeck.stream({ client: PHONE })
  await last.has(1)
  assert.deepEqual(last.types(), ['new'])
})

test('what was acknowledged, or was for others, is not missed when it expires', async () => {
  await gundeck.push(event('one'), event('for-laptop', { recipients: [{ user: ALICE, clients: [LAPTOP] }] }))
  const phone = await gundeck.stream({ client: PHONE })
  await phone.has(1)
  phone.acknowledge(1)
  await phone.leave()
  const later = systemClock.now().getTime() + RETENTION_MS + 60_000
  const store = gundeckStore(await database.schema('gundeck', new URL('migrations/', import.meta.url)), {
    replica: undefined,
  })
  await sweep({ store, clock: { ...systemClock, now: () => new Date(later) } })
  const again = await gundeck.stream({ client: PHONE, marker: 'm' })
  await again.has(1)
  assert.deepEqual(again.types(), ['synchronization'])
})

test('NTF-022: without a client the stream shows everything from now on, and is kept nowhere', async () => {
  await gundeck.push(event('before'))
  const first = await gundeck.stream()
  await gundeck.push(event('during'), event('for-phone', { recipients: [{ user: ALICE, clients: [PHONE] }] }))
  await first.has(2)
  assert.deepEqual(first.types(), ['during', 'for-phone'])
  first.acknowledge(1)
  await first.leave()
  const second = await gundeck.stream({ marker: 'm' })
  await second.has(1)
  assert.deepEqual(second.types(), ['synchronization'])
})

const UNACCEPTABLE: readonly unknown[] = [
  'ping',
  { type: 'ack', data: { delivery_tag: 2, multiple: false } },
  { type: 'ack', data: { delivery_tag: 0 } },
  { type: 'ack' },
  { type: 'ack_full_sync' },
  { type: 'hello' },
]

test('whatever a client may not say ends the connection', async () => {
  await gundeck.push(event('one'))
  for (const message of UNACCEPTABLE) {
    const phone = await gundeck.stream({ client: PHONE })
    await phone.has(1)
    phone.say(message)
    assert.equal(await phone.closed(), 1003, JSON.stringify(message))
  }
})

test('a device has one connection, and none without a stream or after it is removed', async () => {
  const first = await gundeck.stream({ client: PHONE })
  const second = await gundeck.stream({ client: PHONE })
  assert.equal(await first.closed(), 1001)
  await gundeck.tell('remove-client', { user: ALICE, client: PHONE })
  assert.equal(await second.closed(), 1008)
  for (const client of [PHONE, LAPTOP, 'no client']) {
    const headers = callerHeaders({ user: ALICE, client: undefined, connection: '0' })
    const url = `${gundeck.url.replace('http', 'ws')}/i/events?client=${encodeURIComponent(client)}`
    await assert.rejects(
      new Promise((resolve, reject) => new WebSocket(url, { headers }).on('open', resolve).on('error', reject)),
      /404/,
    )
  }
})
