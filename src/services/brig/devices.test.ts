import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { ClientId } from '#src/contract/ids.ts'
import { PERMANENT_DEVICES_MAX } from './limits.ts'
import {
  callInternal,
  callPublic,
  cookieOf,
  newDevice,
  newNetwork,
  prekey,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'
import { addDevice } from './testing-steps.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const UNKNOWN = ClientId.parse('dead')

test('CLI-001: a new device is shown, announced to all devices, and its announcement has arrived before the answer', async () => {
  const alice = await registerPerson(a)
  await a.told()
  const body = newDevice('phone', { label: 'phone', model: 'Chrome', cookie: '297', class: 'phone' })
  const flushes = a.courier.calls.length
  const answer = await alice.calls('register-device', { body })
  assert.ok(answer.outcome === 'registered')
  const id = createHash('sha256').update(body.lastkey.key).digest('hex').slice(0, 16).replace(/^0+/, '')
  const device = {
    id,
    type: 'permanent',
    time: '2026-01-01T00:00:00.000Z',
    mls_public_keys: {},
    class: 'phone',
    label: 'phone',
    model: 'Chrome',
    cookie: '297',
  }
  assert.deepEqual(answer.body, { ...device, capabilities: [] })
  const [letter, ...others] = await a.told()
  assert.deepEqual(others, [])
  assert.ok(letter?.endpoint === 'push')
  const [push] = letter.body['pushes'] as Record<string, unknown>[]
  assert.deepEqual(push?.['recipients'], [{ user: alice.id }])
  assert.deepEqual(push?.['payload'], [
    { type: 'user.client-add', client: { ...device, capabilities: { capabilities: [] } } },
  ])
  assert.deepEqual(push?.['origin'], { user: alice.id, connection: '7' })
  assert.deepEqual(
    a.courier.calls.slice(flushes).map(({ name }) => name),
    ['flush-queue'],
  )
})

test('CLI-001: the path of a new device is its location', async () => {
  const alice = await registerPerson(a)
  const answer = await callPublic(a, {
    path: '/clients',
    headers: { 'z-user': alice.id },
    body: newDevice('located'),
  })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers['location'], `/clients/${String(answer.body['id'])}`)
})

test('CLI-002: a further device needs the password', async () => {
  const alice = await registerPerson(a)
  await addDevice(alice, 'first', { password: undefined })
  const register = async (password: string | undefined) =>
    (await alice.calls('register-device', { body: newDevice('second', { password }) })).outcome
  assert.equal(await register(undefined), 'missing-auth')
  assert.equal(await register('wrong horse'), 'wrong-password')
  assert.equal(await register('correct horse'), 'registered')
})

test('the same last-resort prekey is the same device, begun anew', async () => {
  const alice = await registerPerson(a)
  const id = await addDevice(alice, 'same')
  const again = await addDevice(alice, 'same', { prekeys: [prekey(9)], label: 'again' })
  assert.equal(again, id)
  const devices = await alice.calls('list-devices', {})
  assert.deepEqual(devices.outcome === 'found' && devices.body.map(({ label }) => label), ['again'])
  const left = await alice.calls('list-own-prekeys', { params: { client: id } })
  assert.deepEqual(left.outcome === 'found' && left.body, [9, 65_535])
})

test('CLI-008: seven permanent devices and no more', async () => {
  const alice = await registerPerson(a)
  for (let number = 0; number < PERMANENT_DEVICES_MAX; number += 1) await addDevice(alice, `number ${number}`)
  const register = async (body: ReturnType<typeof newDevice>) =>
    (await alice.calls('register-device', { body })).outcome
  assert.equal(await register(newDevice('one more')), 'too-many-clients')
  assert.equal(await register(newDevice('number 3')), 'registered')
  assert.equal(await register(newDevice('short visit', { type: 'temporary' })), 'registered')
})

test('CLI-008: a new temporary device replaces the old one, which is told and loses its sessions', async () => {
  const alice = await registerPerson(a)
  const first = await addDevice(alice, 'visit one', { type: 'temporary' })
  const bind = (cookie: string, client: string) =>
    callPublic(a, { path: '/access', query: { client_id: client }, headers: { cookie: `zuid=${cookie}` } })
  const bound = await bind(alice.cookie, first)
  await a.told()
  const second = await addDevice(alice, 'visit two', { type: 'temporary' })
  const letters = await a.told()
  assert.deepEqual(
    letters.map(({ endpoint }) => endpoint),
    ['push', 'remove-client', 'push'],
  )
  assert.deepEqual(letters[1]?.body, { user: alice.id, client: first })
  const devices = await alice.calls('list-devices', {})
  assert.deepEqual(devices.outcome === 'found' && devices.body.map(({ id }) => id), [second])
  assert.equal((await bind(cookieOf(bound.headers), second)).status, 403)
})

test('CLI-008: a temporary device that is replaced in its own session leaves the session to its successor', async () => {
  const alice = await registerPerson(a)
  const access = (query: Record<string, string> = {}) =>
    callPublic(a, { path: '/access', query, headers: { cookie: `zuid=${alice.cookie}` } })
  const first = await addDevice(alice, 'stay one', { type: 'temporary' })
  await access({ client_id: first })
  const second = await addDevice(alice.as(first), 'stay two', { type: 'temporary' })
  assert.equal((await access({ client_id: second })).status, 200)
})

test('malformed prekeys and types are refused and nothing is stored', async () => {
  const alice = await registerPerson(a)
  const wrong = [
    { prekeys: [{ id: 1, key: 'not base64!' }] },
    { prekeys: [{ id: 65_535, key: prekey(1).key }] },
    { prekeys: [{ id: -1, key: prekey(1).key }] },
    { prekeys: [{ id: 1, key: '' }] },
    { lastkey: { id: 1, key: prekey(1).key } },
    { type: 'legalhold' },
    { class: 'legalhold' },
    { prekeys: undefined },
  ]
  for (const overrides of wrong) {
    const body = newDevice('malformed', overrides)
    await assert.rejects(alice.calls('register-device', { body }), /answered 400: .*"bad-request"/)
  }
  const devices = await alice.calls('list-devices', {})
  assert.deepEqual(devices.outcome === 'found' && devices.body, [])
})

const LEGAL_HOLD = 'legalhold-implicit-consent'
const STREAM = 'consumable-notifications'

test('CLI-018 CLI-011: capabilities are shown as each version knows them, only grow, and only those we support are granted', async () => {
  const alice = await registerPerson(a)
  const asked = [LEGAL_HOLD, STREAM, 'telepathy']
  const client = await addDevice(alice, 'capable', { capabilities: { capabilities: asked } })
  const shown = async (version: number) => {
    const found = await alice.calls('get-device', { params: { client } }, version)
    const listed = await alice.calls('get-capabilities', { params: { client } }, version)
    return [found.outcome === 'found' && found.body.capabilities, 'body' in listed && listed.body]
  }
  const nested = { capabilities: [LEGAL_HOLD] }
  assert.deepEqual(await shown(8), [
    [LEGAL_HOLD, STREAM],
    [LEGAL_HOLD, STREAM],
  ])
  assert.deepEqual(await shown(7), [[LEGAL_HOLD], [LEGAL_HOLD]])
  assert.deepEqual(await shown(6), [nested, nested])
  const update = async (capabilities: string[]) =>
    (await alice.calls('update-device', { params: { client }, body: { capabilities } })).outcome
  assert.equal(await update([STREAM, LEGAL_HOLD]), 'updated')
  assert.equal(await update([LEGAL_HOLD]), 'capability-removed')
})

test('the stream of a device begins before the device is announced, or once it says that it understands streams', async () => {
  const alice = await registerPerson(a)
  await a.told()
  const first = await addDevice(alice, 'consuming', { capabilities: [STREAM] })
  const told = await a.told()
  assert.deepEqual(
    told.map(({ endpoint }) => endpoint),
    ['open-stream', 'push'],
  )
  assert.deepEqual(told[0]?.body, { user: alice.id, client: first })
  const client = await addDevice(alice, 'growing')
  await a.told()
  const update = { params: { client }, body: { capabilities: [STREAM] } }
  await alice.calls('update-device', update)
  await alice.calls('update-device', update)
  assert.deepEqual(
    (await a.told()).map(({ endpoint, body }) => [endpoint, body]),
    [['open-stream', { user: alice.id, client }]],
  )
})

test('CLI-018: the event of a new device keeps the old form', async () => {
  const alice = await registerPerson(a)
  await a.told()
  await addDevice(alice, 'told', { capabilities: ['legalhold-implicit-consent'] })
  const [added] = await a.events()
  const client = added?.event['client'] as Record<string, unknown> | undefined
  assert.deepEqual(client?.['capabilities'], { capabilities: ['legalhold-implicit-consent'] })
})

test('CLI-011: a device is changed in what is given, and prekeys with the same id are replaced', async () => {
  const alice = await registerPerson(a)
  const client = await addDevice(alice, 'changing')
  const body = { label: 'x', prekeys: [prekey(2, 'a replaced prekey'), prekey(5), prekey(5, 'the last one counts')] }
  assert.equal((await alice.calls('update-device', { params: { client }, body })).outcome, 'updated')
  const device = await alice.calls('get-device', { params: { client } })
  assert.equal(device.outcome === 'found' && device.body.label, 'x')
  const left = await alice.calls('list-own-prekeys', { params: { client } })
  assert.deepEqual(left.outcome === 'found' && left.body, [1, 2, 5, 65_535])
  const user = { domain: a.domain, user: alice.id, client }
  await alice.calls('claim-prekey', { params: user })
  const second = await alice.calls('claim-prekey', { params: user })
  assert.deepEqual(second.outcome === 'claimed' && second.body.prekey, prekey(2, 'a replaced prekey'))
  assert.equal((await alice.calls('update-device', { params: { client: UNKNOWN }, body: {} })).outcome, 'not-found')
})

test('CLI-012: a public key is set once per scheme, and comes back exactly as it was sent', async () => {
  const alice = await registerPerson(a)
  const client = await addDevice(alice, 'signing')
  const set = async (mls_public_keys: Record<string, string>) =>
    (await alice.calls('update-device', { params: { client }, body: { mls_public_keys } })).outcome
  assert.equal(await set({ ed25519: 'AAAA' }), 'updated')
  assert.equal(await set({ ed25519: 'AAAA' }), 'updated')
  assert.equal(await set({ ed25519: 'BBBB' }), 'duplicate-key')
  assert.equal(await set({ ecdsa_secp256r1_sha256: 'CCCC' }), 'updated')
  const device = await alice.calls('get-device', { params: { client } })
  assert.deepEqual(device.outcome === 'found' && device.body.mls_public_keys, {
    ed25519: 'AAAA',
    ecdsa_secp256r1_sha256: 'CCCC',
  })
})

test('CLI-012: a device that begins anew keeps the keys that others have seen', async () => {
  const alice = await registerPerson(a)
  const first = { mls_public_keys: { ed25519: 'AAAA' } }
  const id = await addDevice(alice, 'anew', first)
  const again = await alice.calls('register-device', {
    body: newDevice('anew', { mls_public_keys: { ed25519: 'BBBB' } }),
  })
  assert.equal(again.outcome, 'duplicate-key')
  assert.equal(await addDevice(alice, 'anew', { mls_public_keys: { ecdsa_secp256r1_sha256: 'CCCC' } }), id)
  const device = await alice.calls('get-device', { params: { client: id } })
  assert.deepEqual(device.outcome === 'found' && device.body.mls_public_keys, {
    ed25519: 'AAAA',
    ecdsa_secp256r1_sha256: 'CCCC',
  })
})

test('CLI-014: the last activity of a device is the latest week that was told', async () => {
  const alice = await registerPerson(a)
  const client = await addDevice(alice, 'active')
  const note = async (until: string, device = client) =>
    (await callInternal(a, 'note-activity', { body: { user: alice.id, client: device, until } })).outcome
  const lastActive = async () => {
    const found = await alice.calls('get-device', { params: { client } })
    return found.outcome === 'found' && found.body.last_active
  }
  assert.equal(await lastActive(), undefined)
  assert.equal(await note('2026-01-08T00:00:00.000Z'), 'noted')
  assert.equal(await note('2026-01-01T00:00:00.000Z'), 'noted')
  assert.equal(await note('2026-01-15T00:00:00.000Z', UNKNOWN), 'noted')
  assert.equal(await lastActive(), '2026-01-08T00:00:00.000Z')
})

test('a device has a bounded number of prekeys', async () => {
  const alice = await registerPerson(a)
  const client = await addDevice(alice, 'hoarding')
  const add = async (from: number) => {
    const prekeys = Array.from({ length: 2_500 }, (_, index) => prekey(from + index))
    return (await alice.calls('update-device', { params: { client }, body: { prekeys } })).outcome
  }
  assert.deepEqual([await add(0), await add(2_490), await add(5_000)], ['updated', 'updated', 'too-many-prekeys'])
  const left = await alice.calls('list-own-prekeys', { params: { client } })
  assert.equal(left.outcome === 'found' && left.body.length, 4_991)
})

test('a device that is not there is a bare 404', async () => {
  const alice = await registerPerson(a)
  for (const client of ['dead', 'no id at all']) {
    assert.deepEqual(await alice.calls('get-device', { params: { client } }), { outcome: 'not-found' })
  }
})

test('CLI-009: removing a device takes the password, ends its sessions, and is told to all devices', async () => {
  const alice = await registerPerson(a)
  const client = await addDevice(alice, 'going', { cookie: 'label of going' })
  const log = await callPublic(a, {
    path: '/login',
    body: { email: alice.email, password: 'correct horse', label: 'label of going' },
  })
  await a.told()
  const remove = async (password?: string) =>
    (await alice.calls('remove-device', { params: { client }, body: { password } })).outcome
  assert.equal(await remove(), 'missing-auth')
  assert.equal(await remove('wrong horse'), 'wrong-password')
  assert.deepEqual(await a.told(), [])
  assert.equal(await remove('correct horse'), 'removed')
  const letters = await a.told()
  assert.deepEqual(
    letters.map(({ endpoint }) => endpoint),
    ['push', 'remove-client'],
  )
  assert.equal(await remove('correct horse'), 'not-found')
  const gone = { domain: a.domain, user: alice.id, client }
  assert.equal((await alice.calls('claim-prekey', { params: gone })).outcome, 'not-found')
  const session = await callPublic(a, { path: '/access', headers: { cookie: `zuid=${cookieOf(log.headers)}` } })
  assert.equal(session.status, 403)
})

test('CLI-008: a temporary device goes without password, and without body', async () => {
  const alice = await registerPerson(a)
  const client = await addDevice(alice, 'passing', { type: 'temporary' })
  assert.equal((await alice.calls('remove-device', { params: { client }, body: undefined })).outcome, 'removed')
})

test('CLI-003: others see of a device what it is and no more, here and elsewhere', async () => {
  const [alice, bob] = [await registerPerson(a), await registerPerson(b)]
  const first = await addDevice(bob, 'bob one', { label: 'secret', class: 'phone' })
  const second = await addDevice(bob, 'bob two', { class: undefined })
  const params = { domain: b.domain, user: bob.id }
  const expected = [{ id: first, class: 'phone' }, { id: second }]
  for (const asker of [alice, bob]) {
    const listed = await asker.calls('list-user-devices', { params })
    assert.deepEqual(listed.outcome === 'found' && listed.body, expected)
    const one = await asker.calls('get-user-device', { params: { ...params, client: first } })
    assert.deepEqual(one.outcome === 'found' && one.body, expected[0])
    const none = await asker.calls('get-user-device', { params: { ...params, client: UNKNOWN } })
    assert.equal(none.outcome, 'not-found')
  }
})

test('CLI-003: a list of devices leaves out backends that cannot be asked', async () => {
  const [alice, alex, bob] = [await registerPerson(a), await registerPerson(a), await registerPerson(b)]
  const device = await addDevice(bob, 'bob listed')
  const users = [
    { domain: a.domain, id: alex.id },
    { domain: b.domain, id: bob.id },
    { domain: 'down.example' as never, id: bob.id },
  ]
  const listed = await alice.calls('list-devices-of-users', { body: { qualified_users: users } })
  assert.deepEqual(listed.outcome === 'found' && listed.body.qualified_user_map, {
    'a.example': { [alex.id]: [] },
    'b.example': { [bob.id]: [{ id: device, class: 'desktop' }] },
  })
})
