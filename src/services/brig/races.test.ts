/**
 * What must hold when several requests really run at the same time. The embedded database has one connection and lets
 * them take turns, so these run on a server, where there is one.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serverDatabases } from '#src/storage/testing.ts'
import { COOKIES_PER_TYPE_MAX } from '#src/contract/client/brig-limits.ts'
import { FAILED_LOGINS_MAX } from './limits.ts'
import { callPublic, newDevice, newNetwork, PASSWORD, prekey, registerPerson, startTestBrig } from './testing.ts'

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'
const databases = () => serverDatabases(server ?? '')

const times = <T>(count: number, make: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, number) => make(number))

describe('brig on a server', { skip, tags: ['postgresql'] }, () => {
  test('prekeys claimed at the same time are all different, until only the last resort is left', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const bob = await registerPerson(brig, 'Bob')
    const made = await bob.calls('register-device', {
      body: newDevice('bob', { prekeys: times(30, (id) => prekey(id)) }),
    })
    assert.ok(made.outcome === 'registered')
    const one = { domain: brig.domain, user: bob.id }
    const claimed = await Promise.all(
      times(40, async (number) => {
        if (number % 2 === 0) {
          const single = await bob.calls('claim-prekey', { params: { ...one, client: made.body.id } })
          return single.outcome === 'claimed' ? single.body.prekey.id : -1
        }
        const bundle = await bob.calls('claim-prekeys-of-user', { params: one })
        return bundle.outcome === 'claimed' ? (bundle.body.clients[0]?.prekey.id ?? -1) : -1
      }),
    )
    const ordinary = claimed.filter((id) => id !== 65_535)
    assert.equal(new Set(ordinary).size, ordinary.length)
    assert.ok(!claimed.includes(-1))
    // Who meets a prekey in somebody else's hand may get the last resort early; none is lost by that.
    const left = await bob.calls('list-own-prekeys', { params: { client: made.body.id } })
    assert.equal(ordinary.length + (left.outcome === 'found' ? left.body.length : 0), 31)
  })

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

  test('devices registered at the same time stay within their number', async () => {
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

  test('of many guesses at the same time the right one is refused once so many were wrong', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using brig = await startTestBrig({ database })
    const alice = await registerPerson(brig)
    const guesses = [...times(FAILED_LOGINS_MAX + 5, (number) => `guess number ${number}`), PASSWORD]
    const labels = await Promise.all(
      guesses.map(async (password) => {
        const answer = await callPublic(brig, { path: '/login', body: { email: alice.email, password } })
        return answer.body['label']
      }),
    )
    assert.equal(labels.at(-1), 'client-error')
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
