import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { ConnectionStatus } from '#src/contract/connections.ts'
import { UserId } from '#src/contract/ids.ts'
import { RemoteConfig } from '#src/contract/internal/remotes.ts'
import { derivedOneToOne } from '#src/rpc/conversation-ids.ts'
import { FEDERATION_PATTERN } from '#src/rpc/federation-server.ts'
import {
  callInternal,
  foundTeam,
  joinTeam,
  newNetwork,
  type Person,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'
import { ask, connectionOf, statusOf, to } from './testing-steps.ts'

const network = newNetwork()
let a: TestBrig
let b: TestBrig
before(async () => {
  a = await startTestBrig({ domain: 'a.example', network })
  b = await startTestBrig({ domain: 'b.example', network })
})
beforeEach(() => {
  network.cutOff.clear()
  network.onCall = async () => {}
})
after(() => Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]))

const pair = async (): Promise<[Person, Person]> => {
  const people: [Person, Person] = [await registerPerson(a, 'Alice'), await registerPerson(b, 'Bob')]
  await Promise.all([a.told(), b.told()])
  return people
}
const qualified = ({ brig, id }: Person) => ({ domain: brig.domain, id })
const put = (from: Person, other: Person, status: ConnectionStatus) =>
  from.calls('update-connection', { params: to(other), body: { status } })
const statuses = async (one: Person, other: Person) => [await statusOf(one, other), await statusOf(other, one)]

/** Alignments of the conversation in short: who moved, and who then wants to be in. */
const moves = async (brig: TestBrig) =>
  (await brig.told())
    .filter(({ endpoint }) => endpoint === 'connect-one2one')
    .map(({ body }) => `${String(body['actor'])}:${body['selfIn'] ? 'self' : ''}${body['otherIn'] ? 'other' : ''}`)

test('CON-001 CON-003: asking and accepting across backends leaves both with the derived conversation', async () => {
  const [alice, bob] = await pair()
  const asked = await ask(alice, bob)
  assert.equal(asked.outcome === 'created' && asked.body.status, 'sent')
  assert.deepEqual(await statuses(alice, bob), ['sent', 'pending'])
  assert.deepEqual([await moves(a), await moves(b)], [['self:self'], ['other:other']])

  const accepted = await put(bob, alice, 'accepted')
  assert.equal(accepted.outcome === 'updated' && accepted.body.status, 'accepted')
  assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted'])
  assert.deepEqual([await moves(a), await moves(b)], [['other:selfother'], ['self:selfother']])

  const conversation = derivedOneToOne('proteus', qualified(alice), qualified(bob))
  assert.deepEqual((await connectionOf(alice, bob))?.qualified_conversation, conversation)
  assert.deepEqual((await connectionOf(bob, alice))?.qualified_conversation, conversation)
})

test('each user hears of the own side, the other backend of nothing more', async () => {
  const [alice, bob] = await pair()
  await ask(alice, bob)
  const [ours, theirs] = [await a.events(), await b.events()]
  assert.deepEqual(
    ours.map(({ users, event }) => [users, event['type'], event['user']]),
    [[[alice.id], 'user.connection', { name: 'Bob' }]],
  )
  assert.deepEqual(
    theirs.map(({ users, event }) => [users, event['type']]),
    [[[bob.id], 'user.connection']],
  )
})

test('CON-004: asking again leaves all as it is', async () => {
  const [alice, bob] = await pair()
  await ask(alice, bob)
  await a.told()
  assert.equal((await ask(alice, bob)).outcome, 'existed')
  assert.deepEqual(await a.told(), [])
  await put(bob, alice, 'accepted')
  assert.equal((await ask(alice, bob)).outcome, 'existed')
  assert.equal((await put(alice, bob, 'accepted')).outcome, 'unchanged')
  assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted'])
})

test('CON-005: who is asked and asks too is connected within that one call', async () => {
  const [alice, bob] = await pair()
  await ask(alice, bob)
  const mutual = await ask(bob, alice)
  assert.equal(mutual.outcome === 'existed' && mutual.body.status, 'accepted')
  assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted'])
})

test('CON-016: while the other backend is away nothing changes and nobody is told', async () => {
  const [alice, bob] = await pair()
  network.cutOff.add('b.example')
  await assert.rejects(ask(alice, bob), /answered 521: .*federation-connection-refused/)
  assert.equal(await connectionOf(alice, bob), undefined)

  network.cutOff.clear()
  await ask(bob, alice)
  await a.told()
  network.cutOff.add('b.example')
  await assert.rejects(put(alice, bob, 'accepted'), /answered 521/)
  assert.deepEqual(await statuses(alice, bob), ['pending', 'sent'])
  assert.deepEqual(await a.told(), [])

  // Blocking and ignoring are nobody else's business, so they need nobody else.
  assert.equal((await put(alice, bob, 'ignored')).outcome, 'updated')
  assert.equal((await put(alice, bob, 'blocked')).outcome, 'updated')

  network.cutOff.clear()
  const unblocked = await put(alice, bob, 'accepted')
  assert.equal(unblocked.outcome === 'updated' && unblocked.body.status, 'accepted')
})

test('CON-016: a backend that nobody knows is 422', async () => {
  const alice = await registerPerson(a)
  const params = { domain: 'invalid.example', user: alice.id }
  await assert.rejects(alice.calls('request-connection', { params }), /answered 422: .*invalid-domain/)
})

test('CON-007 CON-008: who ignored is asked again; who cancelled while ignored is asked by the accepting', async () => {
  const [alice, bob] = await pair()
  await ask(bob, alice)
  await put(alice, bob, 'ignored')
  assert.deepEqual(await statuses(alice, bob), ['ignored', 'sent'])
  await ask(bob, alice)
  assert.deepEqual(await statuses(alice, bob), ['pending', 'sent'])
  await put(alice, bob, 'ignored')
  await put(bob, alice, 'cancelled')
  assert.deepEqual(await statuses(alice, bob), ['ignored', 'cancelled'])
  const accepted = await put(alice, bob, 'accepted')
  assert.equal(accepted.outcome === 'updated' && accepted.body.status, 'sent')
  assert.deepEqual(await statuses(alice, bob), ['sent', 'pending'])
})

test('CON-009: who blocks stays blocking whatever the other does, and is connected at once when he asks', async () => {
  const [alice, bob] = await pair()
  await ask(alice, bob)
  await put(bob, alice, 'accepted')
  await Promise.all([a.told(), b.told()])
  await put(alice, bob, 'blocked')
  assert.deepEqual([await moves(a), await moves(b)], [['self:'], []])
  assert.equal((await ask(bob, alice)).outcome, 'existed')
  assert.deepEqual(await statuses(alice, bob), ['blocked', 'accepted'])
  assert.deepEqual(await a.told(), [])
  const back = await ask(alice, bob)
  assert.equal(back.outcome === 'existed' && back.body.status, 'accepted')
  assert.deepEqual(await moves(a), ['self:self', 'other:selfother'])
})

test('cancelling withdraws on both sides', async () => {
  const [alice, bob] = await pair()
  await ask(alice, bob)
  const cancelled = await put(alice, bob, 'cancelled')
  assert.equal(cancelled.outcome === 'updated' && cancelled.body.status, 'cancelled')
  assert.deepEqual(await statuses(alice, bob), ['cancelled', 'cancelled'])
})

test('without a connection there is nothing to ignore or to withdraw, and pending is nobody’s to choose', async () => {
  const [alice, bob] = await pair()
  assert.equal((await put(alice, bob, 'ignored')).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'cancelled')).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'pending')).outcome, 'bad-transition')
  assert.equal(await connectionOf(alice, bob), undefined)
})

test('nobody can be asked or blocked who is not there, is a guest, or went', async () => {
  const alice = await registerPerson(a)
  const [guest, gone] = [await registerPerson(b, 'Guest', null), await registerPerson(b)]
  await b.alter(`update brig.users set status = 'deleted' where id = '${gone.id}'`)
  const nobody = { ...gone, id: UserId.parse('00000000-0000-4000-8000-000000000000') }
  for (const other of [guest, gone, nobody]) assert.equal((await ask(alice, other)).outcome, 'invalid-user')
  assert.equal((await put(alice, nobody, 'blocked')).outcome, 'invalid-user')
})

test('what the other backend changed while it was asked is not overwritten', async () => {
  const [alice, bob] = await pair()
  let isFirst = true
  network.onCall = async ({ from, rpc }) => {
    if (from !== 'a.example' || rpc !== 'send-connection-action' || !isFirst) return
    isFirst = false
    await ask(bob, alice)
  }
  const asked = await ask(alice, bob)
  assert.equal(asked.outcome === 'existed' && asked.body.status, 'accepted')
  assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted'])
})

test('a backend that changes the connection whenever it is told something is given up on', async () => {
  const [alice, bob] = await pair()
  let turn = 0
  network.onCall = async ({ from, rpc }) => {
    if (from !== 'a.example' || rpc !== 'send-connection-action') return
    turn += 1
    const status = turn % 2 === 0 ? 'pending' : 'ignored'
    await a.alter(`
      insert into brig.connections values
      ('${alice.id}', 'b.example', '${bob.id}', '${status}', 'b.example', '${bob.id}', now())
      on conflict (user_id, other_domain, other_id) do update
      set status = excluded.status, revision = connections.revision + 1`)
  }
  await assert.rejects(ask(alice, bob), /answered 533: .*federation-unexpected-body/)
})

test('who is deleted while the other backend is asked leaves no connection behind, and nobody waiting for him', async () => {
  const [alice, bob] = await pair()
  network.onCall = async ({ from, rpc }) => {
    if (from !== 'a.example' || rpc !== 'send-connection-action') return
    network.onCall = async () => {}
    assert.equal((await callInternal(a, 'delete-account', { params: { user: alice.id } })).outcome, 'deleted')
  }
  assert.equal((await ask(alice, bob)).outcome, 'invalid-user')
  assert.deepEqual(await a.query(`select status from brig.connections where user_id = '${alice.id}'`), [])
  const left = await b.query(`select status from brig.connections where user_id = '${bob.id}'`)
  assert.deepEqual(left, [{ status: 'cancelled' }])
})

test('CON-018: two requests at the same time do not get past the limit, and the one too many is taken back', async () => {
  await using narrow = await startTestBrig({ domain: 'c.example', network, connectionsMax: 1 })
  const carla = await registerPerson(narrow, 'Carla')
  const [bob, brad] = [await registerPerson(b, 'Bob'), await registerPerson(b, 'Brad')]
  let arrived = 0
  const both = Promise.withResolvers<void>()
  network.onCall = async ({ rpc }) => {
    if (rpc !== 'send-connection-action' || arrived === 2) return
    arrived += 1
    if (arrived === 2) both.resolve()
    await both.promise
  }
  const answers = await Promise.all([ask(carla, bob), ask(carla, brad)])
  assert.deepEqual(answers.map(({ outcome }) => outcome).toSorted(), ['connection-limit', 'created'])
  const theirs = await Promise.all([bob, brad].map(async (who) => (await connectionOf(who, carla))?.status))
  assert.deepEqual(new Set(theirs), new Set(['cancelled', 'pending']))
})

test('CON-018: the limit holds across backends, for asking and for accepting', async () => {
  await using narrow = await startTestBrig({ domain: 'd.example', network, connectionsMax: 2 })
  const dora = await registerPerson(narrow, 'Dora')
  const [first, second, third] = [await registerPerson(b), await registerPerson(b), await registerPerson(b)]
  await ask(dora, first)
  await ask(second, dora)
  assert.equal((await put(dora, second, 'accepted')).outcome, 'updated')
  await ask(third, dora)
  assert.equal((await put(dora, third, 'accepted')).outcome, 'connection-limit')
  assert.deepEqual(await statuses(dora, third), ['pending', 'sent'])
  // What others accept is never too much.
  assert.equal((await put(first, dora, 'accepted')).outcome, 'updated')
  await put(dora, second, 'blocked')
  assert.equal((await put(dora, third, 'accepted')).outcome, 'updated')
  assert.equal((await ask(dora, second)).outcome, 'connection-limit')
})

test('CON-022: a stranger elsewhere asks twice, which makes one request', async () => {
  const [alice, bob] = await pair()
  const asks = { from: bob.id, from_team: null, to: alice.id, action: 'RemoteConnect' as const }
  assert.deepEqual(await tell(a, b.domain, asks), OK)
  const [told] = await a.events()
  const conversation = derivedOneToOne('proteus', qualified(alice), qualified(bob))
  assert.deepEqual((await connectionOf(alice, bob))?.status, 'pending')
  assert.deepEqual((await connectionOf(alice, bob))?.qualified_conversation, conversation)
  assert.deepEqual([told?.users, told?.event['type']], [[alice.id], 'user.connection'])
  assert.deepEqual(await tell(a, b.domain, asks), OK)
  assert.deepEqual(await a.events(), [])
  assert.deepEqual((await connectionOf(alice, bob))?.status, 'pending')
})

/** As the brig of `origin` would, through both federators. */
const tell = async (brig: TestBrig, origin: string, body: unknown): Promise<unknown> => {
  const answer = await brig.transport.send({
    method: 'POST',
    pattern: FEDERATION_PATTERN,
    params: { rpc: 'send-connection-action' },
    query: {},
    headers: { 'wire-origin-domain': origin },
    body: Buffer.from(JSON.stringify(body)),
  })
  return JSON.parse(Buffer.from(answer.body as Uint8Array).toString('utf8'))
}

const DYNAMIC = { federation: { strategy: 'allowDynamic' as const, remotes: [] } }
const OK = { tag: 'NewConnectionResponseOk', contents: null }

test('CON-017: teams are connected where both backends list the team of the other', async () => {
  await using left = await startTestBrig({ domain: 'left.example', network, config: DYNAMIC })
  await using right = await startTestBrig({ domain: 'right.example', network, config: DYNAMIC })
  const list = async (brig: TestBrig, other: TestBrig, restriction: RemoteConfig['restriction']) => {
    const body = RemoteConfig.parse({ domain: other.domain, search_policy: 'full_search', restriction })
    await callInternal(brig, 'add-remote', { body })
    await callInternal(brig, 'update-remote', { params: { domain: other.domain }, body })
  }
  const [ours, theirs] = [await foundTeam(left), await foundTeam(right)]
  await list(left, right, { tag: 'restrict_by_team', value: [] })
  await list(right, left, { tag: 'restrict_by_team', value: [] })
  assert.equal((await ask(ours.owner, theirs.owner)).outcome, 'team-not-federating')
  await list(left, right, { tag: 'restrict_by_team', value: [theirs.team] })
  assert.equal((await ask(ours.owner, theirs.owner)).outcome, 'team-not-federating')
  assert.equal(await connectionOf(ours.owner, theirs.owner), undefined)
  await list(right, left, { tag: 'restrict_by_team', value: [ours.team] })
  assert.equal((await ask(ours.owner, theirs.owner)).outcome, 'created')
  await list(left, right, { tag: 'allow_all', value: null })
  assert.equal((await ask(await joinTeam(left, ours.team), theirs.owner)).outcome, 'created')
  // Somebody without a team belongs to no team that is listed.
  assert.equal((await ask(await registerPerson(left), theirs.owner)).outcome, 'team-not-federating')
})
