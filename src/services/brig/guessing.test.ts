import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { brigMigrations } from './brig.ts'
import { checkPassword } from './credentials.ts'
import {
  GUESSES_AT_ACCOUNT,
  GUESSES_AT_ACCOUNT_FROM_ADDRESS,
  GUESSES_FROM_ADDRESS,
  KNOWN_ADDRESSES_MAX,
} from './limits.ts'
import { callPublic, PASSWORD, registerPerson, startTestBrig, type TestBrig } from './testing.ts'
import { findUser } from './store-users.ts'
import type { BrigTables } from './tables.ts'
import { networkOf } from './throttle.ts'

let brig: TestBrig
before(async () => {
  brig = await startTestBrig()
})
after(() => brig[Symbol.asyncDispose]())

const logIn = (email: string, password: string, address: string) =>
  callPublic(brig, { path: '/login', body: { email, password }, headers: { 'x-forwarded-for': address } })

const WINDOW_MS = GUESSES_AT_ACCOUNT_FROM_ADDRESS.windowSeconds * 1000

test('a thousand wrong passwords are throttled, and the owner gets in from elsewhere with the right one', async () => {
  const alice = await registerPerson(brig)
  const statuses = new Map<string, number>()
  for (let batch = 0; batch < 20; batch += 1) {
    const guesses = Array.from({ length: 50 }, (_, index) =>
      logIn(alice.email, `guess ${batch} ${index}`, '203.0.113.1'),
    )
    for (const { status, body } of await Promise.all(guesses)) {
      const key = `${status} ${String(body['label'])}`
      statuses.set(key, (statuses.get(key) ?? 0) + 1)
    }
  }
  const looked = statuses.get('403 invalid-credentials') ?? 0
  assert.equal(looked + (statuses.get('403 client-error') ?? 0), 1_000, JSON.stringify([...statuses]))
  // Those that were under way together were all looked at; the limit holds from the next on.
  assert.ok(looked >= GUESSES_AT_ACCOUNT_FROM_ADDRESS.max && looked <= 50, String(looked))
  const right = await logIn(alice.email, PASSWORD, '203.0.113.1')
  assert.deepEqual([right.status, right.body['label']], [403, 'client-error'])
  assert.ok(Number(right.headers['retry-after']) > 0)
  assert.equal((await logIn(alice.email, PASSWORD, '198.51.100.7')).status, 200)
  await brig.clock.advance(WINDOW_MS)
  assert.equal((await logIn(alice.email, PASSWORD, '203.0.113.1')).status, 200)
})

test('of many guesses at the same time the right one is refused once so many were wrong', async () => {
  const alice = await registerPerson(brig)
  const db = await brig.database.schema<BrigTables>('brig', brigMigrations, outboxMigrations)
  const user = await findUser(db, alice.id)
  const allWrongAreCounted = Promise.withResolvers<boolean>()
  const isUnderWay = Promise.withResolvers<void>()
  const passwords = {
    verify: (_: string, password: string) => {
      if (password !== PASSWORD) return Promise.resolve(false)
      isUnderWay.resolve()
      return allWrongAreCounted.promise
    },
    verifyNobody: () => assert.fail('alice exists'),
    hash: () => assert.fail('nothing is set'),
  }
  const guess = (password: string) =>
    checkPassword({ db, passwords, clock: brig.clock }, { user, password, address: '203.0.113.2' })
  const right = guess(PASSWORD)
  await isUnderWay.promise
  for (let wrong = 0; wrong < GUESSES_AT_ACCOUNT_FROM_ADDRESS.max; wrong += 1) {
    assert.equal(await guess(`guess ${wrong}`), 'wrong')
  }
  allWrongAreCounted.resolve(true)
  const verdict = await right
  assert.ok(typeof verdict === 'object' && verdict.retryAfterSeconds > 0, JSON.stringify(verdict))
  await brig.clock.advance(WINDOW_MS)
  assert.equal(await guess(PASSWORD), 'right')
})

test('whoever guesses from many addresses is stopped, and the owner gets in where he has been before', async () => {
  const alice = await registerPerson(brig)
  assert.equal((await logIn(alice.email, PASSWORD, '198.51.100.1')).status, 200)
  const places = GUESSES_AT_ACCOUNT.max / GUESSES_AT_ACCOUNT_FROM_ADDRESS.max
  for (let place = 0; place < places; place += 1) {
    for (let guess = 0; guess < GUESSES_AT_ACCOUNT_FROM_ADDRESS.max; guess += 1) {
      await logIn(alice.email, `guess ${guess}`, `192.0.2.${place}`)
    }
  }
  assert.equal((await logIn(alice.email, 'one more', '192.0.2.200')).body['label'], 'client-error')
  assert.equal((await logIn(alice.email, PASSWORD, '198.51.100.1')).status, 200)
  await brig.clock.advance(WINDOW_MS)
})

test('whoever tries one password on many accounts is stopped', async () => {
  const alice = await registerPerson(brig)
  for (let guess = 0; guess < GUESSES_FROM_ADDRESS.max; guess += 1) {
    await logIn(`nobody${guess}@a.example`, PASSWORD, '2001:db8:1:2::1')
  }
  // Whoever has one address of IPv6 has all behind the prefix.
  assert.equal((await logIn(alice.email, PASSWORD, '2001:db8:1:2:ffff::7')).body['label'], 'client-error')
  assert.equal((await logIn(alice.email, PASSWORD, '2001:db8:1:3::1')).status, 200)
  await brig.clock.advance(WINDOW_MS)
})

test('the limits do not tell which accounts exist', async () => {
  const alice = await registerPerson(brig)
  const answers = []
  for (const [index, email] of [alice.email, 'nobody@a.example'].entries()) {
    const labels = []
    for (let guess = 0; guess <= GUESSES_AT_ACCOUNT_FROM_ADDRESS.max; guess += 1) {
      const { status, body } = await logIn(email, 'wrong horse', `192.0.2.${100 + index}`)
      labels.push([status, body['label']])
    }
    answers.push(labels)
  }
  assert.deepEqual(answers[0], answers[1])
})

test('only so many addresses of an account are kept', async () => {
  const alice = await registerPerson(brig)
  for (let place = 0; place < KNOWN_ADDRESSES_MAX + 3; place += 1) {
    await logIn(alice.email, PASSWORD, `192.0.2.${place}`)
    await brig.clock.advance(60_000)
  }
  const kept = await brig.query(`select network from brig.login_addresses where user_id = '${alice.id}'`)
  assert.equal(kept.length, KNOWN_ADDRESSES_MAX)
  assert.ok(!kept.some(({ network }) => network === '192.0.2.0'))
})

test('an address stands for the network that whoever has it has', () => {
  assert.equal(networkOf('203.0.113.1'), '203.0.113.1')
  assert.equal(networkOf('2001:DB8::1'), '2001:db8:0:0::/64')
  assert.equal(networkOf('2001:db8:0001:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(networkOf('::1'), '0:0:0:0::/64')
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(networkOf('64:ff9b::192.0.2.33'), '64:ff9b:0:0::/64')
  assert.equal(networkOf(undefined), 'unknown')
})
