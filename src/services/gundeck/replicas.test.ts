import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import { type TestClock, testClock } from '#src/kit/clock.ts'
import type { Database } from '#src/storage/database.ts'
import { GAP_ROWS_MAX, REPLICA_ROUND_MS, REPLICA_SILENT_MS, USERS_PER_NOTE_MAX } from './limits.ts'
import { CHANNEL } from './replica-note.ts'
import { replicaList } from './store-replicas.ts'
import {
  ALICE,
  BOB,
  type Device,
  event,
  PHONE,
  startTestGundeck,
  temporaryDatabase,
  type TestGundeck,
} from './testing.ts'
import { UserId } from '#src/contract/ids.ts'

// Two replicas on one database. That it is embedded makes no difference but that a single one would not look for
// others; here it is told that there may be some.
let database: Database
let here: TestGundeck
let there: TestGundeck
let isDeaf = false
const deafHears: (() => void)[] = []

before(async () => {
  const embedded = await temporaryDatabase()
  database = { ...embedded, kind: 'postgresql' }
})
after(() => database[Symbol.asyncDispose]())

/** Like the database, but its notes do not arrive while `isDeaf`; afterwards it says that some may be missing. */
const sometimesDeaf = (): Database => ({
  ...database,
  listen: (channel, onPayload) => {
    deafHears.push(() => onPayload(''))
    return database.listen(channel, (payload) => (isDeaf ? undefined : onPayload(payload)))
  },
})

const gundeckTables = (): Promise<Kysely<unknown>> =>
  database.schema<unknown>('gundeck', new URL('migrations/', import.meta.url))

const roundsUntilHeard = async (clock: TestClock, device: Device): Promise<void> => {
  while (device.types().length === 0) await clock.advance(REPLICA_ROUND_MS)
}

beforeEach(async () => {
  isDeaf = false
  deafHears.length = 0
  here = await startTestGundeck(sometimesDeaf())
  there = await startTestGundeck(database)
  for (const user of [ALICE, BOB]) await there.tell('remove-user', { user })
})
afterEach(async () => {
  await here[Symbol.asyncDispose]()
  await there[Symbol.asyncDispose]()
})

test('a device hears of what another replica stored, filtered as ever', async () => {
  const [phone, cause, other] = await Promise.all([
    here.open({ client: PHONE }),
    here.open({ connection: '7' }),
    here.open({ client: '1a' }),
  ])
  await there.push(event('for-phone', { recipients: [{ user: ALICE, clients: [PHONE] }] }))
  await there.push(event('caused', { origin: { user: ALICE, connection: '7' } }))
  await Promise.all([phone.has(2), other.has(1)])
  await here.push(event('end'))
  await cause.has(2)
  assert.deepEqual(phone.types().slice(0, 2), ['for-phone', 'caused'])
  assert.deepEqual(cause.types(), ['for-phone', 'end'])
  assert.deepEqual(other.types()[0], 'caused')
})

test('a device that acknowledges hears of what another replica stored, and goes on at any of them', async () => {
  await there.tell('open-stream', { user: ALICE, client: PHONE })
  const first = await here.stream({ client: PHONE })
  await there.push(event('one'), event('two'))
  await there.push(event('typing', { transient: true }))
  await first.has(3)
  assert.deepEqual(first.types().toSorted(), ['one', 'two', 'typing'])
  first.acknowledge(first.types().indexOf('one') + 1)
  await first.leave()
  isDeaf = true
  const second = await there.stream({ client: PHONE, marker: 'm' })
  await second.has(2)
  assert.deepEqual(second.types(), ['two', 'synchronization'])
  await here.tell('remove-client', { user: ALICE, client: PHONE })
  assert.equal(await second.closed(), 1008)
})

test('what several replicas store at once is told everywhere in one order, each once', async () => {
  const devices = await Promise.all([here.open(), there.open()])
  const pushes = Array.from({ length: 200 }, (_, index) => (index % 2 ? here : there).push(event(`event-${index}`)))
  await Promise.all(pushes)
  await Promise.all(devices.map((device) => device.has(200)))
  const ids = (await here.list()).notifications.map(({ id }) => id)
  for (const device of devices) {
    assert.deepEqual(
      device.frames().map(({ id }) => id),
      ids,
    )
  }
})

test('nobody is told while there is nobody else, and everybody as soon as there is', async () => {
  const heard: string[] = []
  await using _listening = await database.listen(CHANNEL, (note) => heard.push(note))
  await there[Symbol.asyncDispose]()
  await here.push(event('alone'))
  there = await startTestGundeck(database)
  const device = await there.open()
  assert.equal(heard.length, 0)
  await here.push(event('told'))
  await device.has(1)
  assert.deepEqual(device.types(), ['told'])
  assert.equal(heard.length, 1)
  await here.push(event('told-with-others', { recipients: [ALICE, BOB].map((user) => ({ user, clients: [] })) }))
  await device.has(2)
  assert.deepEqual(device.types(), ['told', 'told-with-others'])
  assert.equal(heard.length, 2)
})

test('a replica that was taken off the list comes back to it, and tells its sockets what it was not told of', async () => {
  const clock = testClock()
  await using late = await startTestGundeck(database, { clock })
  const device = await late.open()
  await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()])
  there = await startTestGundeck(database)
  await sql`delete from gundeck.replicas`.execute(await gundeckTables())
  await there.push(event('missed'))
  await roundsUntilHeard(clock, device)
  await there.push(event('told'))
  await device.has(2)
  assert.deepEqual(device.types(), ['missed', 'told'])
  here = await startTestGundeck(database)
})

test('who ended without a word is taken off the list', async () => {
  const db = await gundeckTables()
  await sql`insert into gundeck.replicas (id, seen_at) values
    (gen_random_uuid(), now() - ${REPLICA_SILENT_MS + 1_000} * interval '1 millisecond'), (${BOB}, now())`.execute(db)
  await replicaList(db).enlist(ALICE)
  const { rows } = await sql`select id from gundeck.replicas where id in (${ALICE}, ${BOB})`.execute(db)
  const { rows: all } = await sql`select id from gundeck.replicas`.execute(db)
  // The two that run, and these.
  assert.deepEqual([rows.length, all.length], [2, 4])
  await Promise.all([replicaList(db).leave(ALICE), replicaList(db).leave(BOB)])
})

test('a note that did not arrive is noticed by what comes after it', async () => {
  const device = await here.open()
  isDeaf = true
  await there.push(event('missed-1'))
  await there.push(event('missed-2'))
  isDeaf = false
  await here.push(event('own'))
  await device.has(3)
  assert.deepEqual(device.types(), ['missed-1', 'missed-2', 'own'])
})

test('after the connection to the database was lost, sockets are told what was missed', async () => {
  const [device, bob] = await Promise.all([here.open(), here.open({ user: BOB })])
  isDeaf = true
  await there.push(event('missed', { recipients: [{ user: ALICE }, { user: BOB }] }))
  isDeaf = false
  for (const hear of deafHears) hear()
  await Promise.all([device.has(1), bob.has(1)])
  assert.deepEqual([device.types(), bob.types()], [['missed'], ['missed']])
})

test('a gap too long to be read sends devices away to catch up', async () => {
  const device = await here.open()
  isDeaf = true
  await there.push(...Array.from({ length: 900 }, (_, index) => event(`event-${index}`)))
  await there.push(...Array.from({ length: GAP_ROWS_MAX - 800 }, (_, index) => event(`more-${index}`)))
  isDeaf = false
  await there.push(event('end'))
  assert.equal(await device.closed(), 1013)
  assert.deepEqual(device.types(), [])
})

for (const [name, size] of [
  ['small', 10],
  ['large', 50_000],
] as const) {
  test(`a ${name} transient notification reaches the sockets of other replicas, and is not kept`, async () => {
    const [cause, other] = await Promise.all([here.open({ connection: '7' }), here.open({ connection: '8' })])
    const payload = [{ type: 'typing', data: 'ä'.repeat(size) }]
    await there.push(event('', { transient: true, payload, origin: { user: ALICE, connection: '7' } }))
    await other.has(1)
    assert.deepEqual(other.frames()[0]?.payload, payload)
    assert.equal(other.frames()[0]?.transient, true)
    await there.push(event('end'))
    await cause.has(1)
    assert.deepEqual(cause.types(), ['end'])
  })
}

test('sockets of removed devices and users are closed wherever they are', async () => {
  const [phone, laptop] = await Promise.all([here.open({ client: PHONE }), here.open({ client: '1a' })])
  await there.tell('remove-client', { user: ALICE, client: PHONE })
  assert.equal(await phone.closed(), 1008)
  await there.tell('remove-user', { user: ALICE })
  assert.equal(await laptop.closed(), 1008)
})

test('one push to more users than one note can name reaches them all', async () => {
  const users = Array.from({ length: 2 * USERS_PER_NOTE_MAX + 1 }, (_, index) =>
    UserId.parse(`6f1e1f2a-0000-4000-8000-${index.toString(16).padStart(12, '0')}`),
  )
  const watched = [users[0], users[USERS_PER_NOTE_MAX], users.at(-1)].flatMap((user) => (user ? [user] : []))
  const devices = await Promise.all(watched.map((user) => here.open({ user })))
  await there.push(event('to-all', { recipients: users.map((user) => ({ user })) }))
  await Promise.all(devices.map((device) => device.has(1)))
})
