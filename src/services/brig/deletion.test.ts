import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Handle } from '#src/contract/ids.ts'
import { CONNECTIONS_PER_NOTIFICATION } from './limits.ts'
import {
  callInternal,
  callPublic,
  CODE,
  deliver,
  foundTeam,
  joinTeam,
  newDevice,
  newNetwork,
  PASSWORD,
  type Person,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'
import { ask, connect, statusOf, to } from './testing-steps.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const deleteSelf = (person: Person, password?: string) =>
  person.calls('delete-self', { body: password === undefined ? {} : { password } })

const eventsIn = async (brig: TestBrig) =>
  (await brig.events()).map(({ users, event }) => ({ users: users.toSorted(), event }))

test('DEL-001 CON-020: contacts here and elsewhere hear that the user is gone, who was asked that the request is withdrawn', async () => {
  const [alice, alex, amy] = [
    await registerPerson(a, 'alice'),
    await registerPerson(a, 'alex'),
    await registerPerson(a),
  ]
  const [bob, carl] = [await registerPerson(b, 'bob'), await registerPerson(b, 'carl')]
  await connect(alice, alex)
  await connect(alice, bob)
  await ask(alice, carl)
  await ask(alice, amy)
  await Promise.all([a.told(), b.told()])
  assert.equal((await deleteSelf(alice, PASSWORD)).outcome, 'deleted')
  const gone = { type: 'user.delete', id: alice.id, qualified_id: { domain: 'a.example', id: alice.id } }

  const [cancelled, deleted, ...none] = await eventsIn(a)
  assert.deepEqual(none, [])
  assert.deepEqual(cancelled?.users, [amy.id])
  assert.deepEqual([cancelled.event.type, statusIn(cancelled.event)], ['user.connection', 'cancelled'])
  assert.deepEqual(deleted, { users: [alice.id, alex.id].toSorted(), event: gone })

  await deliver(a, b)
  const [withdrawn, heard, ...more] = await eventsIn(b)
  assert.deepEqual(more, [])
  assert.deepEqual([withdrawn?.users, withdrawn && statusIn(withdrawn.event)], [[carl.id], 'cancelled'])
  assert.deepEqual(heard, { users: [bob.id], event: gone })
  for (const other of [alex, amy, bob, carl]) assert.equal(await statusOf(other, alice), undefined)
})

const statusIn = (event: Record<string, unknown>) => (event['connection'] as { readonly status: string }).status

test('DEL-001: what is left of an account is that there was one', async () => {
  const alice = await registerPerson(a, 'alice')
  await alice.calls('claim-handle', { body: { handle: 'gone.alice' } })
  const device = await alice.calls('register-device', { body: newDevice('alice') })
  const onlooker = await registerPerson(a, 'onlooker')
  await deleteSelf(alice, PASSWORD)
  const profile = await onlooker.calls('get-user', { params: to(alice) })
  assert.deepEqual(profile.outcome === 'found' && profile.body, {
    qualified_id: { domain: 'a.example', id: alice.id },
    id: alice.id,
    deleted: true,
    name: 'default',
    picture: [],
    assets: [],
    accent_id: 0,
    legalhold_status: 'no_consent',
    supported_protocols: ['proteus'],
    type: 'regular',
    searchable: true,
  })
  const login = await callPublic(a, { path: '/login', body: { email: alice.email, password: PASSWORD } })
  assert.deepEqual([login.status, login.body['label']], [403, 'invalid-credentials'])
  const access = await callPublic(a, { path: '/access', headers: { cookie: `zuid=${alice.cookie}` } })
  assert.deepEqual([access.status, access.body['message']], [403, 'Invalid token'])
  await assert.rejects(alice.calls('get-self', {}), /401|missing-auth/)
  assert.equal(
    (await onlooker.calls('check-handle', { params: { handle: Handle.parse('gone.alice') } })).outcome,
    'free',
  )
  const clients = await callInternal(a, 'get-clients', { body: { users: [alice.id] } })
  assert.deepEqual(clients.body.clients, { [alice.id]: [] })
  assert.ok(device.outcome === 'registered')
  const prekeys = await onlooker.calls('claim-prekeys', {
    body: { [a.domain]: { [alice.id]: [device.body.id] } },
  })
  assert.deepEqual(prekeys.outcome === 'claimed' && prekeys.body.qualified_user_client_prekeys[a.domain]?.[alice.id], {
    [device.body.id]: null,
  })
  const again = await callPublic(a, { path: '/register', body: { name: 'New', email: alice.email, email_code: CODE } })
  assert.equal(again.status, 201)
  const found = await callInternal(a, 'get-users', { body: { users: [alice.id] } })
  assert.deepEqual(
    found.body.map(({ status, is_verified }) => [status, is_verified]),
    [['deleted', false]],
  )
})

test('DEL-001: the devices hear of it before they are forgotten, and galley before gundeck forgets whom to tell', async () => {
  const alice = await registerPerson(a, 'alice')
  await a.told()
  await deleteSelf(alice, PASSWORD)
  assert.deepEqual(
    (await a.told()).map(({ target, endpoint }) => `${target} ${endpoint}`),
    ['gundeck push', 'galley remove-user', 'gundeck remove-user'],
  )
})

test('DEL-001: who blocked the user is told nothing, and a repeated notification tells nobody anything', async () => {
  const [alice, eve] = [await registerPerson(a, 'alice'), await registerPerson(a, 'eve')]
  const bob = await registerPerson(b, 'bob')
  await connect(alice, eve)
  await connect(alice, bob)
  await eve.calls('update-connection', { params: to(alice), body: { status: 'blocked' } })
  await Promise.all([a.told(), b.told()])
  await deleteSelf(alice, PASSWORD)
  assert.deepEqual(
    (await eventsIn(a)).map(({ users }) => users),
    [[alice.id]],
  )
  const sent = await a.sent()
  assert.deepEqual(sent, [
    { domain: 'b.example', rpc: 'on-user-deleted-connections', body: { user: alice.id, connections: [bob.id] } },
  ])
  const hear = () => tell(b, 'a.example', 'on-user-deleted-connections', sent[0]?.body)
  await hear()
  assert.equal((await eventsIn(b)).length, 1)
  await hear()
  assert.deepEqual(await eventsIn(b), [])
})

const tell = async (brig: TestBrig, origin: string, rpc: string, body: unknown) => {
  const response = await brig.transport.send({
    method: 'POST',
    pattern: '/federation/{rpc}',
    params: { rpc },
    query: {},
    headers: { 'wire-origin-domain': origin, 'x-wire-api-version': '3' },
    body: Buffer.from(JSON.stringify(body)),
  })
  assert.equal(response.status, 200)
}

test('DEL-001: a backend speaks for its own users only', async () => {
  const [alice, bob] = [await registerPerson(a, 'alice'), await registerPerson(b, 'bob')]
  await connect(alice, bob)
  await b.told()
  await tell(b, 'c.example', 'on-user-deleted-connections', { user: alice.id, connections: [bob.id] })
  assert.deepEqual(await eventsIn(b), [])
  assert.equal(await statusOf(bob, alice), 'accepted')
})

test('DEL-001: many connections elsewhere are told of in chunks of a thousand', async () => {
  const alice = await registerPerson(a, 'alice')
  await a.alter(`insert into brig.connections
    select '${alice.id}', 'b.example', gen_random_uuid(), 'pending', 'a.example', gen_random_uuid(), now()
    from generate_series(1, ${2 * CONNECTIONS_PER_NOTIFICATION + 1})`)
  await deleteSelf(alice, PASSWORD)
  const sizes = (await a.sent()).map(({ body }) => (body as { readonly connections: string[] }).connections.length)
  assert.deepEqual(sizes, [CONNECTIONS_PER_NOTIFICATION, CONNECTIONS_PER_NOTIFICATION, 1])
})

test('an account without password is deleted by a code that is mailed, once and not by guessing', async () => {
  const registered = await callPublic(a, { path: '/register', body: { name: 'x', email: 'nopw@a.example' } })
  const alice = await registerPerson(a, 'alice')
  assert.equal(registered.status, 201)
  await a.alter(`update brig.users set password_hash = null where id = '${alice.id}'`)
  assert.deepEqual(await deleteSelf(alice), { outcome: 'code-mailed', body: { expires_in: 600 } })
  assert.equal((await deleteSelf(alice)).outcome, 'pending-delete')
  const confirm = (key: string, code: string) => callPublic(a, { path: '/delete', body: { key, code } })
  const key = await keyOfDeletion(alice)
  assert.deepEqual((await confirm('no such key', CODE)).body['label'], 'invalid-code')
  assert.deepEqual((await confirm(key, '000000')).status, 403)
  assert.deepEqual((await confirm(key, CODE)).status, 200)
  assert.deepEqual((await confirm(key, CODE)).status, 403)
  await assert.rejects(alice.calls('get-self', {}))
})

test('three wrong codes are the end of a code, and so is its time', async () => {
  const alice = await registerPerson(a, 'alice')
  await deleteSelf(alice)
  const confirm = (key: string, code: string) => callPublic(a, { path: '/delete', body: { key, code } })
  const key = await keyOfDeletion(alice)
  for (const wrong of ['000000', '111111', '222222']) assert.equal((await confirm(key, wrong)).status, 403)
  assert.equal((await confirm(key, CODE)).status, 403)
  await a.clock.advance(600_000)
  assert.equal((await deleteSelf(alice)).outcome, 'code-mailed')
  const second = await keyOfDeletion(alice)
  await a.clock.advance(600_000)
  assert.equal((await confirm(second, CODE)).status, 403)
})

/** It stands in the mail only; here there is none. */
const keyOfDeletion = async (person: Person): Promise<string> => {
  const rows = await person.brig.query(
    `select key from brig.codes where purpose = 'deletion' and user_id = '${person.id}'`,
  )
  return String(rows[0]?.['key'])
}

test('a wrong password deletes nothing; without any password and address nothing is asked', async () => {
  const alice = await registerPerson(a, 'alice')
  assert.equal((await deleteSelf(alice, 'wrong password')).outcome, 'wrong-password')
  const guest = await registerPerson(a, 'guest', null)
  assert.equal((await deleteSelf(guest)).outcome, 'missing-auth')
  await a.alter(`update brig.users set password_hash = null where id = '${guest.id}'`)
  assert.equal((await deleteSelf(guest)).outcome, 'deleted')
})

test('DEL-008: who is removed from a team is deleted, and the team hears of it', async () => {
  const { owner, team } = await foundTeam(a)
  const [alex, alison] = [await joinTeam(a, team), await joinTeam(a, team)]
  await a.told()
  const remove = (by: Person, who: Person, password = PASSWORD) =>
    by.calls('remove-team-member', { params: { team, user: who.id }, body: { password } })
  assert.equal((await remove(alison, alex)).outcome, 'operation-denied')
  assert.equal((await remove(owner, alex, 'wrong password')).outcome, 'access-denied')
  assert.equal((await remove(owner, owner)).outcome, 'access-denied')
  assert.equal((await remove(owner, alex)).outcome, 'accepted')
  assert.equal((await remove(owner, alex)).outcome, 'not-found')
  const events = await eventsIn(a)
  assert.deepEqual(
    events.map(({ users, event }) => [users, event.type]),
    [
      [[alex.id], 'user.delete'],
      [[owner.id, alison.id].toSorted(), 'team.member-leave'],
    ],
  )
  assert.deepEqual(events[1]?.event['data'], { user: alex.id })
  const found = await callInternal(a, 'get-users', { body: { users: [alex.id] } })
  assert.deepEqual(
    found.body.map(({ status, team: of, team_role }) => [status, of, team_role]),
    [['deleted', undefined, null]],
  )
})

test('DEL-008: an admin removes members and no owner; owners do not delete themselves', async () => {
  const { owner, team } = await foundTeam(a)
  const admin = await joinTeam(a, team, 'admin')
  const fellow = await joinTeam(a, team, 'owner')
  const remove = (by: Person, who: Person) =>
    by.calls('remove-team-member', { params: { team, user: who.id }, body: { password: PASSWORD } })
  assert.equal((await remove(admin, owner)).outcome, 'access-denied')
  assert.equal((await deleteSelf(owner, PASSWORD)).outcome, 'team-owner')
  assert.equal((await remove(fellow, owner)).outcome, 'accepted')
  const stranger = await registerPerson(a)
  assert.equal((await remove(stranger, admin)).outcome, 'no-team-member')
  assert.equal((await deleteSelf(admin, PASSWORD)).outcome, 'deleted')
})
