import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { type TestClock, testClock } from '#src/kit/clock.ts'
import { PROBE_INTERVAL_MS, RETENTION_MS, SOCKET_AGE_MAX_MS, SWEEP_ROWS_MAX } from './limits.ts'
import { type LiveSocket, openSockets } from './sockets.ts'
import { gundeckStore } from './store.ts'
import { sweep } from './sweeper.ts'
import { ALICE, event, startTestGundeck, temporaryDatabase } from './testing.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('what is older than 28 days is gone for devices, and its id is unknown', async () => {
  await using database = await temporaryDatabase()
  const clock = testClock()
  await using gundeck = await startTestGundeck(database, { clock })
  await gundeck.push(event('first'))
  await clock.jump(DAY_MS)
  await gundeck.push(event('second'))
  const [first, second] = (await gundeck.list()).notifications

  await clock.jump(27 * DAY_MS)
  assert.deepEqual((await gundeck.list(`?since=${first?.id}`)).notifications, [second])
  await clock.jump(1)
  assert.equal((await gundeck.get(`/notifications?since=${first?.id}`)).status, 404)
  assert.deepEqual((await gundeck.list()).notifications, [second])
  assert.deepEqual((await gundeck.get('/notifications/last')).body, second)

  await clock.jump(DAY_MS)
  assert.equal((await gundeck.get('/notifications/last')).status, 404)
  assert.deepEqual((await gundeck.list()).notifications, [])
})

test('the sweeper removes what has expired and leaves the rest, in as many steps as it takes', async () => {
  await using database = await temporaryDatabase()
  const clock = testClock()
  const store = gundeckStore(await database.schema('gundeck', new URL('migrations/', import.meta.url)), {
    replica: undefined,
  })
  const entry = (part: number) => ({
    user: ALICE,
    pushId: '00000000-0000-4000-8000-000000000001',
    part,
    clients: [],
    originConnection: undefined,
    payload: '[{"type":"x"}]',
  })
  const now = (): number => clock.now().getTime() * 1000
  await store.append(
    Array.from({ length: SWEEP_ROWS_MAX + 1 }, (_, part) => entry(part)),
    now(),
  )
  await clock.advance(RETENTION_MS)
  await store.append([entry(SWEEP_ROWS_MAX + 1)], now())
  await clock.advance(1_000)
  await sweep({ store, clock })
  const { rows } = await store.page(ALICE, { after: 0, client: undefined, size: 10 })
  assert.equal(rows.length, 1)
})

const stepBy = async (clock: TestClock, ms: number, times: number): Promise<void> => {
  for (let step = 0; step < times; step += 1) await clock.advance(ms)
}

test('a socket that answers pings is kept', async () => {
  await using database = await temporaryDatabase()
  const clock = testClock()
  await using gundeck = await startTestGundeck(database, { clock })
  const device = await gundeck.open()
  const probe = async (times: number): Promise<void> => {
    const probed = once(device.socket, 'ping')
    await clock.advance(PROBE_INTERVAL_MS)
    await probed
    // The pong is on its way; the answer to a frame behind it shows that it has arrived.
    device.socket.send('ping')
    await device.has(times)
  }
  await probe(1)
  await probe(2)
  await probe(3)
  await gundeck.push(event('still here'))
  await device.has(4)
})

test('three days are the longest that a socket lives, however lively', () => {
  const clock = testClock()
  const sockets = openSockets({ clock })
  const closes: number[] = []
  // Stands for a websocket of the library: what the probe asks of it.
  const socket = {
    once: () => {},
    close: (code: number) => closes.push(code),
    ping: () => {},
    terminate: assert.fail,
    readyState: 1,
  }
  const live = { user: ALICE, client: undefined, device: undefined, connection: '1', openedMs: 0, lastHeardMs: 0 }
  const entry: LiveSocket = { ...live, socket: socket as unknown as WebSocket, wire: new PassThrough() }
  sockets.add(entry, { at: 0, seq: 0 })
  for (const [ms, expected] of [
    [SOCKET_AGE_MAX_MS - 1, []],
    [1, [1001]],
  ] as const) {
    void clock.advance(ms)
    entry.lastHeardMs = clock.monotonicMs()
    sockets.probe()
    assert.deepEqual(closes, expected)
  }
})

test('a socket that answers nothing is dropped', async () => {
  await using database = await temporaryDatabase()
  const clock = testClock()
  await using gundeck = await startTestGundeck(database, { clock })
  const device = await gundeck.open()
  device.socket.pause()
  await stepBy(clock, PROBE_INTERVAL_MS, 3)
  device.socket.resume()
  assert.equal(await device.closed(), 1006)
})
