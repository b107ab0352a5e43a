import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { WebSocket } from 'ws'
import type { Database } from '#src/storage/database.ts'
import { SOCKETS_PER_USER_MAX } from './limits.ts'
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
})
afterEach(() => gundeck[Symbol.asyncDispose]())

const typesIn = async (query = '', user = ALICE): Promise<string[]> => {
  const { notifications } = await gundeck.list(query, user)
  return notifications.flatMap(({ payload }) => payload.map(({ type }) => type))
}

test('NTF-001: what happens reaches the open sockets of those devices it is meant for', async () => {
  const [phone, laptop, both, bob] = await Promise.all([
    gundeck.open({ client: PHONE }),
    gundeck.open({ client: LAPTOP }),
    gundeck.open(),
    gundeck.open({ user: BOB }),
  ])
  await gundeck.push(
    event('for-phone', { recipients: [{ user: ALICE, clients: [PHONE] }] }),
    event('for-all', { recipients: [{ user: ALICE }, { user: BOB }] }),
  )
  await Promise.all([phone.has(2), laptop.has(1), both.has(2), bob.has(1)])
  assert.deepEqual(phone.types(), ['for-phone', 'for-all'])
  assert.deepEqual(laptop.types(), ['for-all'])
  assert.deepEqual(both.types(), ['for-phone', 'for-all'])
  assert.deepEqual(bob.types(), ['for-all'])
  for (const { id, transient } of both.frames()) {
    assert.equal(transient, false)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
  assert.deepEqual(
    both.frames().map(({ id }) => id),
    (await gundeck.list()).notifications.map(({ id }) => id),
  )
})

test('frames are binary and hold nothing but ASCII, and mean what was pushed', async () => {
  const device = await gundeck.open()
  const payload = [{ type: 'user.update', user: { name: 'Zoë 👋 \u007f\u2028', nested: [null, 1.5, { ключ: '\0' }] } }]
  await gundeck.push(event('', { payload }))
  await device.has(1)
  assert.ok(device.raw[0]?.isBinary)
  assert.ok(device.raw[0]?.data.every((byte) => byte < 0x7f))
  assert.deepEqual(device.frames()[0]?.payload, payload)
  assert.deepEqual((await gundeck.list()).notifications[0]?.payload, payload)
})

test('every device of a message gets its own text', async () => {
  const [phone, laptop] = await Promise.all([gundeck.open({ client: PHONE }), gundeck.open({ client: LAPTOP })])
  const recipients = [PHONE, LAPTOP].map((client) => ({ user: ALICE, clients: [client], payload: [{ type: client }] }))
  await gundeck.push(event('unused', { recipients }))
  await Promise.all([phone.has(1), laptop.has(1)])
  assert.deepEqual([phone.types(), laptop.types()], [[PHONE], [LAPTOP]])
  assert.deepEqual(await typesIn(`?client=${LAPTOP}`), [LAPTOP])
})

test('NTF-002: a device that was away catches up in order, from where it was', async () => {
  const types = Array.from({ length: 10 }, (_, index) => `event-${index}`)
  for (const type of types) await gundeck.push(event(type))
  const { notifications, has_more: hasMore, time } = await gundeck.list(`?client=${PHONE}&size=1000`)
  assert.equal(notifications.length, 10)
  assert.equal(hasMore, false)
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(await typesIn(`?since=${notifications[2]?.id}&client=${PHONE}`), types.slice(3))
  assert.deepEqual(await typesIn(`?since=${notifications[2]?.id.toUpperCase()}`), types.slice(3))
  assert.deepEqual(await typesIn(`?since=${notifications[9]?.id}`), [])
})

test('a page has at most the size asked for, but never less than a hundred, and says when there is more', async () => {
  await gundeck.push(...Array.from({ length: 250 }, (_, index) => event(`event-${index}`)))
  const first = await gundeck.list('?size=1')
  assert.equal(first.notifications.length, 100)
  assert.equal(first.has_more, true)
  const second = await gundeck.list(`?size=150&since=${first.notifications[99]?.id}`)
  assert.equal(second.notifications.length, 150)
  assert.equal(second.has_more, false)
  assert.equal(second.notifications[149]?.payload[0]?.type, 'event-249')
})

test('a page of large notifications ends before it fills the memory, and the next one goes on', async () => {
  const large = { payload: [{ type: 'large', data: 'x'.repeat(6 * 1024 * 1024) }] }
  for (let index = 0; index < 4; index += 1) await gundeck.push(event('', large))
  const first = await gundeck.list()
  assert.equal(first.notifications.length, 3)
  assert.equal(first.has_more, true)
  const rest = await gundeck.list(`?since=${first.notifications[2]?.id}`)
  assert.equal(rest.notifications.length, 1)
  assert.equal(rest.has_more, false)
})

test('without `since` there is no error, whatever else is asked', async () => {
  for (const query of [
    '',
    '?since=',
    '?size=x',
    '?size=-1',
    '?size=99999999',
    '?client=',
    '?client=no-hex',
    '?client=%00',
    '?client=1&client=2',
  ]) {
    const { status } = await gundeck.get(`/notifications${query}`)
    assert.equal(status, 200, query)
  }
})

const NOT_FOUND = { code: 404, label: 'not-found', message: 'Some notifications not found' }
const UNKNOWN = '7130304a-c839-11e5-8001-22000b0fe035'
const MALFORMED = ['6f1e1f2a-0000-4000-8000-00000000a11c', 'no-uuid', 'x'.repeat(500)]
const NEVER_ISSUED = [UNKNOWN, ...MALFORMED]

test('NTF-005: a `since` that was never issued is unknown, and told so without a list; one that is none is refused', async () => {
  await gundeck.push(event('one'))
  assert.deepEqual(await gundeck.get(`/notifications?since=${UNKNOWN}`), { status: 404, body: NOT_FOUND })
  // Without an error object, which would end the catch-up of stock clients for good (client-notifications.md §3.1).
  for (const since of MALFORMED) {
    assert.deepEqual(await gundeck.get(`/notifications?since=${since}`), { status: 400, body: undefined })
  }
})

test('NTF-005: before version 3 the answer to an unknown `since` is the list all the same', async () => {
  await gundeck.push(event('one'))
  for (const since of NEVER_ISSUED) {
    const { status, body } = await gundeck.get(`/notifications?since=${since}`, ALICE, 2)
    assert.equal(status, 404)
    assert.deepEqual((body as { notifications: { payload: unknown }[] }).notifications[0]?.payload, [{ type: 'one' }])
  }
})

test("an id of somebody else's notification is unknown", async () => {
  await gundeck.push(event('bobs', { recipients: [{ user: BOB }] }))
  const [notification] = (await gundeck.list('', BOB)).notifications
  assert.equal((await gundeck.get(`/notifications?since=${notification?.id}`)).status, 404)
  assert.equal((await gundeck.get(`/notifications/${notification?.id}`)).status, 404)
  assert.equal((await gundeck.get(`/notifications/${notification?.id}`, BOB)).status, 200)
})

test('a `since` that is for another device is known, and so is that of a transient notification', async () => {
  const device = await gundeck.open()
  await gundeck.push(event('for-phone', { recipients: [{ user: ALICE, clients: [PHONE] }] }))
  await gundeck.push(event('typing', { transient: true }))
  await device.has(2)
  const known = device.frames().map(({ id }) => id)
  await gundeck.push(event('later'))
  for (const id of known) assert.deepEqual(await typesIn(`?since=${id}&client=${LAPTOP}`), ['later'])
})

test('the last notification is the newest that the device may see', async () => {
  assert.deepEqual(await gundeck.get(`/notifications/last?client=${PHONE}`), { status: 404, body: NOT_FOUND })
  await gundeck.push(
    event('user.client-add'),
    event('for-laptop', { recipients: [{ user: ALICE, clients: [LAPTOP] }] }),
  )
  const { notifications } = await gundeck.list()
  assert.deepEqual((await gundeck.get(`/notifications/last?client=${PHONE}`)).body, notifications[0])
  assert.deepEqual((await gundeck.get('/notifications/last')).body, notifications[1])
})

test('one notification can be fetched by its id, by a device that it is for', async () => {
  await gundeck.push(event('for-laptop', { recipients: [{ user: ALICE, clients: [LAPTOP] }] }))
  const [notification] = (await gundeck.list()).notifications
  assert.deepEqual(await gundeck.get(`/notifications/${notification?.id}`), { status: 200, body: notification })
  assert.equal((await gundeck.get(`/notifications/${notification?.id}?client=${LAPTOP}`)).status, 200)
  assert.equal((await gundeck.get(`/notifications/${notification?.id}?client=${PHONE}`)).status, 404)
  for (const id of NEVER_ISSUED.slice(0, 3)) assert.equal((await gundeck.get(`/notifications/${id}`)).status, 404)
})

test('NTF-007: the socket that caused an event does not hear of it, the log does', async () => {
  const [cause, other, bob] = await Promise.all([
    gundeck.open({ connection: '7' }),
    gundeck.open({ connection: '8' }),
    gundeck.open({ user: BOB, connection: '7' }),
  ])
  const recipients = [{ user: ALICE }, { user: BOB }]
  await gundeck.push(
    event('rename', { recipients, origin: { user: ALICE, connection: '7' } }),
    event('next', { recipients }),
  )
  await Promise.all([cause.has(1), other.has(2), bob.has(2)])
  assert.deepEqual(cause.types(), ['next'])
  assert.deepEqual(other.types(), ['rename', 'next'])
  assert.deepEqual(bob.types(), ['rename', 'next'])
  assert.deepEqual(await typesIn(), ['rename', 'next'])
})

test('NTF-008: what matters only now is told and not kept', async () => {
  const device = await gundeck.open({ client: PHONE })
  await gundeck.push(event('typing', { transient: true }))
  await device.has(1)
  assert.deepEqual(
    device.frames().map(({ transient, payload }) => [transient, payload]),
    [[true, [{ type: 'typing' }]]],
  )
  assert.deepEqual(await typesIn(), [])
})

test('NTF-009: `ping` is answered by `pong` in a binary frame, other words by nothing', async () => {
  const device = await gundeck.open()
  device.socket.send('hello')
  device.socket.send(Buffer.from('ping'))
  device.socket.send('pingping')
  device.socket.send('ping')
  await device.has(1)
  device.socket.send('ping')
  await device.has(2)
  assert.deepEqual(
    device.raw.map(({ data, isBinary }) => [data.toString(), isBinary]),
    [
      ['pong', true],
      ['pong', true],
    ],
  )
})

test('NTF-009: a control ping is answered with what it held', async () => {
  const device = await gundeck.open()
  const ponged = new Promise((resolve) => device.socket.once('pong', resolve))
  device.socket.ping('abc')
  assert.equal(String(await ponged), 'abc')
})

test('the same push again stores nothing and tells nobody', async () => {
  const device = await gundeck.open()
  const again = event('once', { recipients: [{ user: ALICE }, { user: ALICE, clients: [PHONE] }] })
  await gundeck.push(again)
  await gundeck.push(again, again)
  await Promise.all([gundeck.push(again), gundeck.push(again), gundeck.push(event('last'))])
  await device.has(3)
  assert.deepEqual(device.types(), ['once', 'once', 'last'])
  assert.deepEqual(await typesIn(), ['once', 'once', 'last'])
})

test('many at once are stored and told in one order, each once', async () => {
  const device = await gundeck.open()
  const types = Array.from({ length: 300 }, (_, index) => `event-${index}`)
  await Promise.all(types.map((type) => gundeck.push(event(type))))
  await device.has(300)
  const stored = await gundeck.list()
  assert.deepEqual(
    device.frames().map(({ id, payload }) => ({ id, payload })),
    stored.notifications,
  )
  assert.deepEqual(new Set(device.types()), new Set(types))
})

test('a socket opened while things happen misses nothing that catching up does not show', async () => {
  const types = Array.from({ length: 200 }, (_, index) => `event-${index}`)
  const pushing = (async () => {
    for (const type of types) await gundeck.push(event(type))
  })()
  const seen = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const device = await gundeck.open()
      const caughtUp = await typesIn()
      await pushing
      await gundeck.push(event('end'))
      while (device.types().at(-1) === undefined || !device.types().includes('end'))
        await device.has(device.raw.length + 1)
      return new Set([...caughtUp, ...device.types()])
    }),
  )
  for (const set of seen)
    assert.deepEqual(
      types.filter((type) => !set.has(type)),
      [],
    )
})

test('too many sockets of one user: the oldest gives way', async () => {
  const devices = []
  for (let index = 0; index <= SOCKETS_PER_USER_MAX; index += 1) devices.push(await gundeck.open())
  assert.equal(await devices[0]?.closed(), 1008)
  await gundeck.push(event('one'))
  await Promise.all(devices.slice(1).map((device) => device.has(1)))
})

test('a device that does not read is let go, and the others go on', async () => {
  const [slow, good] = await Promise.all([gundeck.open(), gundeck.open()])
  slow.socket.pause()
  const large = { payload: [{ type: 'large', data: 'x'.repeat(4 * 1024 * 1024) }] }
  for (let index = 0; index < 12; index += 1) await gundeck.push(event('', large))
  await good.has(12)
  slow.socket.resume()
  assert.equal(await slow.closed(), 1006)
  assert.ok(slow.raw.length < 12)
})

test('a frame that is larger than any client sends closes its socket', async () => {
  const device = await gundeck.open()
  device.socket.send('x'.repeat(100_000))
  assert.equal(await device.closed(), 1009)
})

test('a removed device loses its sockets after it was told', async () => {
  const [phone, laptop] = await Promise.all([gundeck.open({ client: PHONE }), gundeck.open({ client: LAPTOP })])
  await gundeck.push(event('user.client-remove'))
  await gundeck.tell('remove-client', { user: ALICE, client: PHONE })
  assert.equal(await phone.closed(), 1008)
  assert.deepEqual(phone.types(), ['user.client-remove'])
  await gundeck.push(event('later'))
  await laptop.has(2)
})

test('who may not use his account is disconnected, and finds everything when he may again', async () => {
  const devices = [await gundeck.open({ client: PHONE }), await gundeck.open()]
  await gundeck.push(event('before'))
  await gundeck.tell('disconnect-user', { user: ALICE })
  assert.deepEqual(await Promise.all(devices.map((device) => device.closed())), [1008, 1008])
  await gundeck.push(event('meanwhile'))
  assert.deepEqual(await typesIn(), ['before', 'meanwhile'])
})

test('NTF-015: of a deleted user nothing is left', async () => {
  const device = await gundeck.open()
  await gundeck.push(event('one', { recipients: [{ user: ALICE }, { user: BOB }] }))
  await gundeck.tell('remove-user', { user: ALICE })
  assert.equal(await device.closed(), 1008)
  assert.deepEqual([await typesIn(), await typesIn('', BOB)], [[], ['one']])
})

test('a gundeck that stops says goodbye', async () => {
  const device = await gundeck.open()
  await gundeck[Symbol.asyncDispose]()
  assert.equal(await device.closed(), 1001)
  gundeck = await startTestGundeck(database)
})

test('what was stored is there after a restart', async () => {
  await gundeck.push(event('one'))
  const before = await gundeck.list()
  await gundeck[Symbol.asyncDispose]()
  gundeck = await startTestGundeck(database)
  assert.deepEqual((await gundeck.list()).notifications, before.notifications)
})

test('a handshake without a caller, or elsewhere, comes to nothing', async () => {
  const refusedWith = (target: string, headers: Record<string, string> = {}): Promise<number | undefined> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${gundeck.url.replace('http', 'ws')}${target}`, { headers })
      socket.on('error', () => {})
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    })
  assert.equal(await refusedWith('/i/await'), 401)
  assert.equal(await refusedWith('/i/await', { 'z-user': 'alice' }), 401)
  assert.equal(await refusedWith('/await', { 'z-user': ALICE }), 404)
})

test('a malformed push changes nothing', async () => {
  const bad = [
    { ...event('one'), id: 'x' },
    { ...event('one'), payload: [] },
    { ...event('one'), payload: [{ data: 1 }] },
    { ...event('one'), recipients: [{ user: 'alice' }] },
    { ...event('one'), recipients: [{ user: ALICE, clients: ['xyz'] }] },
  ]
  for (const one of bad) await assert.rejects(gundeck.push(event('good'), one as never), /400 .*"label":"bad-request"/)
  assert.deepEqual(await typesIn(), [])
})
