/** What many take at the same time, from here and from another backend, on whichever engine: each thing goes once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { LAST_RESORT_PREKEY_ID } from '#src/contract/client/brig-devices.ts'
import type { TestDatabases } from '#src/storage/testing.ts'
import { addMlsDevice, claimAs, several } from './testing-key-packages.ts'
import { newDevice, newNetwork, type Person, prekey, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

const CLAIMERS = 64
const PREKEYS = 100
const CLAIMS = 256

export const claimsSuite = (engine: string, databases: () => Promise<TestDatabases>): void => {
  describe(engine, () => {
    let stack: AsyncDisposableStack
    let elsewhere: TestBrig
    let brig: TestBrig
    before(async () => {
      await using starting = new AsyncDisposableStack()
      const network = newNetwork()
      const database = starting.use(await starting.use(await databases()).open())
      brig = starting.use(await startTestBrig({ domain: 'b.example', network, database }))
      elsewhere = starting.use(await startTestBrig({ domain: 'a.example', network }))
      stack = starting.move()
    })
    after(() => stack?.disposeAsync())

    test('CLI-004 CLI-017: of 64 who claim at once from two backends each gets other prekeys, then the last resort', async () => {
      const [alice, bob] = [await registerPerson(elsewhere), await registerPerson(brig)]
      const client = await deviceWith(bob, PREKEYS)
      const claims = claimsOf({ bob, client })
      const ids = await atOnce(CLAIMS, (number) => {
        const claim = claims[number % claims.length]
        assert.ok(claim)
        return claim(number % 2 === 0 ? alice : bob)
      })
      const ordinary = ids.filter((id) => id !== LAST_RESORT_PREKEY_ID)
      assert.deepEqual(
        ordinary.toSorted((one, other) => one - other),
        Array.from({ length: PREKEYS }, (_, id) => id),
      )
      assert.equal(ids.length, CLAIMS)
      const left = await bob.calls('list-own-prekeys', { params: { client } })
      assert.deepEqual(left.outcome === 'found' && left.body, [LAST_RESORT_PREKEY_ID])
    })

    test('KPK-002 KPK-003: of many who claim at once from two backends each gets another key package', async () => {
      const [alice, bob] = [await registerPerson(elsewhere), await registerPerson(brig)]
      const device = await addMlsDevice(bob, 'wanted')
      assert.equal(await device.upload(await several(device, 30)), 'uploaded')
      const claims = await atOnce(80, (number) => claimAs(number % 2 === 0 ? alice : bob, bob))
      const refs = claims.flat().map(({ ref }) => ref)
      assert.equal(refs.length, 30)
      assert.equal(new Set(refs).size, 30)
      assert.equal(await device.count(), 0)
    })
  })
}

/** Never more than {@link CLAIMERS} under way, never fewer while there are more to come. */
const atOnce = async <T>(count: number, one: (number: number) => Promise<T>): Promise<T[]> => {
  const results: T[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) results.push(await one(next++))
  }
  await Promise.all(Array.from({ length: CLAIMERS }, work))
  return results
}

const deviceWith = async (bob: Person, count: number) => {
  const prekeys = Array.from({ length: count }, (_, id) => prekey(id))
  const made = await bob.calls('register-device', { body: newDevice(`wanted ${bob.id}`, { prekeys }) })
  assert.ok(made.outcome === 'registered')
  return made.body.id
}

interface Wanted {
  readonly bob: Person
  readonly client: Awaited<ReturnType<typeof deviceWith>>
}

/** The three ways to take a prekey. */
const claimsOf = ({ bob, client }: Wanted): ((asker: Person) => Promise<number>)[] => {
  const user = { domain: bob.brig.domain, user: bob.id }
  return [
    async (asker) => {
      const claimed = await asker.calls('claim-prekey', { params: { ...user, client } })
      return claimed.outcome === 'claimed' ? claimed.body.prekey.id : -1
    },
    async (asker) => {
      const claimed = await asker.calls('claim-prekeys-of-user', { params: user })
      return claimed.outcome === 'claimed' ? (claimed.body.clients[0]?.prekey.id ?? -1) : -1
    },
    async (asker) => {
      const claimed = await asker.calls('claim-prekeys', { body: { [user.domain]: { [bob.id]: [client] } } })
      assert.ok(claimed.outcome === 'claimed')
      return claimed.body.qualified_user_client_prekeys[user.domain]?.[bob.id]?.[client]?.id ?? -1
    },
  ]
}
