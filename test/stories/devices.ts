/** Stories about devices, their prekeys and key packages, across backends. Run in every shape of a backend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeKeyPackage, newDeviceKey } from '#src/mls/testing.ts'
import { systemRandom } from '#src/kit/random.ts'
import { eventually } from '#src/storage/testing.ts'
import { AppClient } from '#src/world/app-client.ts'
import type { Person } from '#src/world/person.ts'
import { labelOf } from './chat.ts'
import type { Telling } from './telling.ts'

export const deviceStories = (telling: Telling): void => {
  prekeyStories(telling)
  removalStories(telling)
  keyPackageStories(telling)
}

const prekeyStories = ({ network, people }: Telling): void => {
  test('CLI-003 CLI-005: while a backend is down its people are missing from lists, or named as failed', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test', 'chad@gamma.test')
    const { alice, bob, chad } = cast
    await network().stop('gamma.test')
    const listed = await alice.app.listClients([alice.user, bob.user, chad.user])
    assert.deepEqual(listed, {
      'alpha.test': { [alice.user.id]: [alice.client] },
      'beta.test': { [bob.user.id]: [bob.client] },
    })
    const wanted = { ...clientsOf(bob, bob.client, 'dead'), ...clientsOf(chad, chad.client) }
    const claimed = await send(alice, 'POST', '/users/list-prekeys', wanted)
    await network().start('gamma.test')
    assert.equal(claimed.status, 200)
    const { qualified_user_client_prekeys: prekeys, failed_to_list: failed } = claimed.body as Claimed
    assert.deepEqual(failed, [chad.user])
    assert.deepEqual(Object.keys(prekeys), ['beta.test'])
    assert.equal(prekeys['beta.test']?.[bob.user.id]?.['dead'], null)
    assert.equal(typeof prekeys['beta.test']?.[bob.user.id]?.[bob.client]?.key, 'string')
  })

  test('CLI-007 CLI-004: a bundle has one prekey of each device of a user elsewhere', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const second = await addDevice(bob, 'permanent')
    const bundle = await send(alice, 'GET', `/users/beta.test/${bob.user.id}/prekeys`)
    assert.equal(bundle.status, 200)
    const { user, clients } = bundle.body as { user: string; clients: { client: string; prekey: { id: number } }[] }
    assert.equal(user, bob.user.id)
    assert.deepEqual(clients.map(({ client }) => client).toSorted(), [bob.client, second].toSorted())
    assert.ok(clients.every(({ prekey }) => prekey.id < 65_535))
  })

  test('CLI-014: a device that asks for its notifications was last active this week', async () => {
    await using cast = await people('alice@alpha.test')
    const { alice } = cast
    const client = await addDevice(alice, 'permanent')
    const lastActive = async () => {
      const { body } = await send(alice, 'GET', `/clients/${client}`)
      return (body as { last_active?: string }).last_active
    }
    assert.equal(await lastActive(), undefined)
    const called = Date.now()
    await alice.app.notifications(client)
    const active = Date.parse((await lastActive()) ?? '')
    const week = 7 * 24 * 60 * 60 * 1000
    assert.ok(active >= called && active - called <= week, `${active} is not within a week after ${called}`)
    assert.equal(active % week, 0)
  })
}

const removalStories = ({ people }: Telling): void => {
  test('CLI-009: a device that is deleted is told, and who sends to it is told that it is gone', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    await alice.connectWith(bob)
    const conversation = await alice.createConversation([bob])
    const lost = await addDevice(bob, 'permanent')
    const remove = (password?: string) => send(bob, 'DELETE', `/clients/${lost}`, password ? { password } : {})
    assert.deepEqual(labelled(await remove()), [403, 'missing-auth'])
    assert.equal((await remove(bob.account.password)).status, 200)
    assert.deepEqual(labelled(await remove(bob.account.password)), [404, 'client-not-found'])
    await bob.findsStored('the removal', (events) => events.find((event) => isRemovalOf(event, lost)))
    const claimed = await send(alice, 'GET', `/users/beta.test/${bob.user.id}/prekeys/${lost}`)
    assert.equal(claimed.status, 404)

    const recipients = {
      'beta.test': { [bob.user.id]: { [bob.client]: Buffer.from('still here'), [lost]: Buffer.from('gone') } },
    }
    const sent = await alice.app.sendProteus(conversation, { sender: alice.client, recipients })
    assert.equal(sent.isDelivered, true)
    assert.deepEqual(sent.deleted, clientsOf(bob, lost))
    await bob.receives(conversation, 'still here')
  })

  test('DEL-001 CLI-009: a token from before opens nothing any more when its device or its account is deleted', async () => {
    await using cast = await people('alice@alpha.test')
    const { alice } = cast
    await using tablet = new AppClient(alice.app.http.baseUrl, systemRandom)
    await tablet.logIn(alice.account)
    const device = await tablet.createClient({ password: alice.account.password })
    const use = async ({ http }: AppClient) =>
      (await http.send({ method: 'POST', path: '/conversations/list-ids', body: { size: 1 } })).status
    assert.deepEqual([await use(tablet), await use(alice.app)], [200, 200])
    const { password } = alice.account
    assert.equal((await send(alice, 'DELETE', `/clients/${device}`, { password })).status, 200)
    await eventually(async () => (await use(tablet)) === 401, 'the token of the tablet ends')
    assert.equal(await use(alice.app), 200)
    assert.equal((await send(alice, 'DELETE', '/self', { password })).status, 200)
    await eventually(async () => (await use(alice.app)) === 401, 'all tokens of alice end')
  })

  test('CLI-008: the next temporary device takes the place of the last, and goes without password', async () => {
    await using cast = await people('alice@alpha.test')
    const { alice } = cast
    const [first, second] = [await addDevice(alice, 'temporary'), await addDevice(alice, 'temporary')]
    assert.deepEqual((await alice.app.clients()).toSorted(), [alice.client, second].toSorted())
    await alice.findsStored('the removal', (events) => events.find((event) => isRemovalOf(event, first)))
    assert.equal((await send(alice, 'DELETE', `/clients/${second}`)).status, 200)
    assert.deepEqual(await alice.app.clients(), [alice.client])
  })
}

const keyPackageStories = ({ people }: Telling): void => {
  test('KPK-001 KPK-002 KPK-003 KPK-011: key packages are left at one backend and claimed from another', async () => {
    await using cast = await people('alice@alpha.test', 'bob@beta.test')
    const { alice, bob } = cast
    const key = newDeviceKey()
    const registered = await send(bob, 'PUT', `/clients/${bob.client}`, { mls_public_keys: { ed25519: key.publicKey } })
    assert.equal(registered.status, 200)
    const seconds = Math.floor(Date.now() / 1000)
    const identity = `${bob.user.id}:${bob.client}@beta.test`
    const lifetime = { notBefore: seconds - 3_600, notAfter: seconds + 86_400 }
    const made = await makeKeyPackage({ identity, key, lifetime })
    const uploaded = await send(bob, 'POST', `/mls/key-packages/self/${bob.client}`, { key_packages: [made] })
    assert.equal(uploaded.status, 201)
    const count = async () =>
      (await send(bob, 'GET', `/mls/key-packages/self/${bob.client}/count?ciphersuite=0x0001`)).body
    assert.deepEqual(await count(), { count: 1 })

    const claim = () => send(alice, 'POST', `/mls/key-packages/claim/beta.test/${bob.user.id}?ciphersuite=0x0001`)
    const claimed = (await claim()).body as { key_packages: Record<string, string>[] }
    const [found] = claimed.key_packages
    assert.deepEqual(
      { ...found, key_package_ref: '' },
      { domain: 'beta.test', user: bob.user.id, client: bob.client, key_package: made, key_package_ref: '' },
    )
    assert.deepEqual(await count(), { count: 0 })
    assert.deepEqual((await claim()).body, { key_packages: [] })
  })

  test('KPK-004 CLI-012: a key is set once, and a package that another key signed is refused', async () => {
    await using cast = await people('alice@alpha.test')
    const { alice } = cast
    const put = (publicKey: string) =>
      send(alice, 'PUT', `/clients/${alice.client}`, { mls_public_keys: { ed25519: publicKey } })
    const [own, other] = [newDeviceKey(), newDeviceKey()]
    assert.equal((await put(own.publicKey)).status, 200)
    assert.deepEqual(labelled(await put(other.publicKey)), [400, 'mls-duplicate-public-key'])
    const seconds = Math.floor(Date.now() / 1000)
    const made = await makeKeyPackage({
      identity: `${alice.user.id}:${alice.client}@alpha.test`,
      key: other,
      lifetime: { notBefore: seconds - 3_600, notAfter: seconds + 86_400 },
    })
    const refused = await send(alice, 'POST', `/mls/key-packages/self/${alice.client}`, { key_packages: [made] })
    assert.deepEqual(labelled(refused), [400, 'mls-protocol-error'])
  })
}

type Claimed = {
  readonly qualified_user_client_prekeys: Record<string, Record<string, Record<string, { key: string } | null>>>
  readonly failed_to_list?: unknown
}

const clientsOf = ({ user }: Person, ...clients: readonly string[]) => ({ [user.domain]: { [user.id]: [...clients] } })

const send = (person: Person, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) =>
  person.app.http.send({ method, path, ...(body && { body }) })

const labelled = ({ status, body }: { readonly status: number; readonly body: unknown }) => [status, labelOf(body)]

const isRemovalOf = (event: { readonly type: string; readonly client?: unknown }, client: string): boolean =>
  event.type === 'user.client-remove' && (event.client as { id?: string } | undefined)?.id === client

let added = 0

/** In no session of its own: nobody is there. */
const addDevice = async (person: Person, type: 'permanent' | 'temporary'): Promise<string> => {
  added += 1
  const key = (number: number) => Buffer.from(`prekey ${number} of device ${added}`).toString('base64')
  const made = await send(person, 'POST', '/clients', {
    type,
    password: person.account.password,
    prekeys: [{ id: 0, key: key(0) }],
    lastkey: { id: 65_535, key: key(65_535) },
  })
  assert.equal(made.status, 201)
  return (made.body as { id: string }).id
}
