/**
 * What must hold when several requests really run at the same time. The embedded database has one connection and lets
 * them take turns, so these run on a server, where there is one.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serverDatabases } from '#src/storage/testing.ts'
import { COOKIES_PER_TYPE_MAX } from '#src/contract/client/brig-limits.ts'
import { callPublic, newDevice, newNetwork, PASSWORD, registerPerson, startTestBrig } from './testing.ts'

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'
const databases = () => serverDatabases(server ?? '')

const times = <T>(count: number, make: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, number) => make(number))

describe('brig on a server', { skip, tags: ['postgresql'] }, () => {
  test('of many who claim a handle at the same time one gets it', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const people = await Promise.all(times(6, () => registerPerson(brig)))
    const outcomes = await Promise.all(
      people.map(async (person) => (await person.calls('claim-handle', { body: { handle: 'wanted' } })).outcome),
    )
    assert.equal(outcomes.filter((outcome) => outcome === 'claimed').length, 1)
    assert.equal(outcomes.filter((outcome) => outcome === 'handle-exists').length, 5)
  })

  test('both asking at the same time end connected, without a deadlock', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const people = await Promise.all(times(6, () => registerPerson(brig)))
    const pairs = people.flatMap((one) => people.filter((other) => other !== one).map((other) => [one, other] as const))
    const to = (id: (typeof people)[number]['id']) => ({ domain: brig.domain, user: id })
    await Promise.all(pairs.map(([one, other]) => one.calls('request-connection', { params: to(other.id) })))
    const statuses = await Promise.all(
      pairs.map(async ([one, other]) => {
        const found = await one.calls('get-connection', { params: to(other.id) })
        return found.outcome === 'found' && found.body.status
      }),
    )
    assert.deepEqual(new Set(statuses), new Set(['accepted']))
  })

  test('two backends whose users ask each other at the same time agree', async () => {
    const network = newNetwork()
    await using shared = await databases()
    await using elsewhere = await databases()
    await using database = await shared.open()
    await using otherDatabase = await elsewhere.open()
    await using a = await startTestBrig({ domain: 'a.example', database, network })
    await using b = await startTestBrig({ domain: 'b.example', database: otherDatabase, network })
    for (let round = 0; round < 5; round += 1) {
      const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
      const answers = await Promise.all([
        alice.calls('request-connection', { params: { domain: b.domain, user: bob.id } }),
        bob.calls('request-connection', { params: { domain: a.domain, user: alice.id } }),
      ])
      assert.ok(answers.every(({ outcome }) => outcome === 'created' || outcome === 'existed'))
      const ours = await alice.calls('get-connection', { params: { domain: b.domain, user: bob.id } })
      const theirs = await bob.calls('get-connection', { params: { domain: a.domain, user: alice.id } })
      assert.equal(ours.outcome === 'found' && ours.body.status, 'accepted')
      assert.equal(theirs.outcome === 'found' && theirs.body.status, 'accepted')
    }
  })

  test('CLI-008: devices registered at the same time stay within their number', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const alice = await registerPerson(brig)
    const outcomes = await Promise.all(
      times(
        9,
        async (number) => (await alice.calls('register-device', { body: newDevice(`number ${number}`) })).outcome,
      ),
    )
    assert.equal(outcomes.filter((outcome) => outcome === 'registered').length, 7)
    const temporary = times(4, (number) => newDevice(`visit ${number}`, { type: 'temporary' }))
    await Promise.all(temporary.map((body) => alice.calls('register-device', { body })))
    const devices = await alice.calls('list-devices', {})
    assert.ok(devices.outcome === 'found')
    assert.equal(devices.body.filter(({ type }) => type === 'temporary').length, 1)
  })

  test('CLI-002: of first devices registered at the same time without password one is the first', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const alice = await registerPerson(brig)
    const outcomes = await Promise.all(
      times(5, async (number) => {
        const body = newDevice(`first ${number}`, { password: undefined })
        return (await alice.calls('register-device', { body })).outcome
      }),
    )
    assert.deepEqual(outcomes.toSorted(), [...times(4, () => 'missing-auth'), 'registered'])
  })

  test('log-ins at the same time stay within their number', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const alice = await registerPerson(brig)
    const statuses = await Promise.all(
      times(COOKIES_PER_TYPE_MAX + 3, async () => {
        const body = { email: alice.email, password: PASSWORD }
        return (await callPublic(brig, { path: '/login', query: { persist: 'true' }, body })).status
      }),
    )
    const cookies = await alice.calls('list-cookies', { query: {} })
    assert.equal(cookies.outcome === 'found' && cookies.body.cookies.length, COOKIES_PER_TYPE_MAX)
    // The session of the registration is one of them.
    assert.ok(statuses.filter((status) => status === 200).length < COOKIES_PER_TYPE_MAX)
  })
})
