import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConnectionStatus } from '#src/contract/connections.ts'
import { UserId } from '#src/contract/ids.ts'
import { localOneToOne } from '#src/rpc/conversation-ids.ts'
import { foundTeam, joinTeam, type Person, registerPerson, startTestBrig, type TestBrig } from './testing.ts'
import { ask, statusOf, to } from './testing-steps.ts'

const LIMIT = 3
let brig: TestBrig
before(async () => {
  brig = await startTestBrig({ connectionsMax: LIMIT })
})
after(() => brig[Symbol.asyncDispose]())

const pair = async (): Promise<[Person, Person]> => [
  await registerPerson(brig, 'Alice'),
  await registerPerson(brig, 'Alex'),
]
const put = (from: Person, other: Person, status: ConnectionStatus) =>
  from.calls('update-connection', { params: to(other), body: { status } })
test('CON-001: asking and accepting: both sides, the conversation before the events, and all of it arrived before the answer', async () => {
  const [alice, alex] = await pair()
  await brig.told()
  const flushes = brig.courier.calls.length
  const asked = await ask(alice, alex)
  const id = localOneToOne(alice.id, alex.id)
  const connection = {
    from: alice.id,
    to: alex.id,
    qualified_to: { domain: brig.domain, id: alex.id },
    status: 'sent',
    last_update: '2026-01-01T00:00:00.000Z',
    conversation: id,
    qualified_conversation: { domain: brig.domain, id },
  }
  assert.deepEqual(asked, { outcome: 'created', body: connection })
  assert.equal(brig.courier.calls.length, flushes + 1)
  assert.equal(await statusOf(alex, alice), 'pending')

  const [alignment, ...pushes] = await brig.told()
  assert.deepEqual([alignment?.target, alignment?.endpoint], ['galley', 'connect-one2one'])
  const aligned = {
    self: alice.id,
    other: { domain: brig.domain, id: alex.id },
    conversation: { domain: brig.domain, id },
    selfIn: true,
    otherIn: false,
    kind: 'connect',
    actor: 'self',
    at: '2026-01-01T00:00:00.000Z',
  }
  assert.deepEqual(alignment?.body, aligned)
  const events = pushes.flatMap(({ body }) => body['pushes'] as { recipients: unknown; payload: unknown[] }[])
  assert.deepEqual(
    events.map(({ recipients, payload }) => [recipients, payload]),
    [
      [[{ user: alice.id }], [{ type: 'user.connection', connection, user: { name: 'Alex' } }]],
      [
        [{ user: alex.id }],
        [
          {
            type: 'user.connection',
            connection: {
              ...connection,
              from: alex.id,
              to: alice.id,
              qualified_to: { domain: brig.domain, id: alice.id },
              status: 'pending',
            },
            user: { name: 'Alice' },
          },
        ],
      ],
    ],
  )

  const accepted = await put(alex, alice, 'accepted')
  assert.equal(accepted.outcome === 'updated' && accepted.body.status, 'accepted')
  assert.equal(await statusOf(alice, alex), 'accepted')
  const [second, ...told] = await brig.told()
  assert.deepEqual(
    [second?.body['self'], second?.body['selfIn'], second?.body['otherIn'], second?.body['kind']],
    [alex.id, true, true, 'one2one'],
  )
  assert.equal(told.length, 2)
})

test('CON-004: asking again changes nothing once accepted, and reminds before', async () => {
  const [alice, alex] = await pair()
  await ask(alice, alex)
  await brig.told()
  const again = await ask(alice, alex)
  assert.equal(again.outcome === 'existed' && again.body.status, 'sent')
  await put(alex, alice, 'accepted')
  await brig.told()
  const later = await ask(alice, alex)
  assert.equal(later.outcome === 'existed' && later.body.status, 'accepted')
  assert.deepEqual(await brig.told(), [])
})

test('CON-005: who is asked and asks too is connected', async () => {
  const [alice, alex] = await pair()
  await ask(alice, alex)
  const mutual = await ask(alex, alice)
  assert.equal(mutual.outcome === 'existed' && mutual.body.status, 'accepted')
  assert.equal(await statusOf(alice, alex), 'accepted')
})

test('CON-007: who ignores is asked again, and may accept then', async () => {
  const [alice, bob] = await pair()
  await ask(bob, alice)
  await brig.told()
  assert.equal((await put(alice, bob, 'ignored')).outcome, 'updated')
  assert.deepEqual(
    (await brig.events()).map(({ users }) => users),
    [[alice.id]],
  )
  assert.equal(await statusOf(bob, alice), 'sent')
  assert.equal((await ask(bob, alice)).outcome, 'existed')
  assert.equal(await statusOf(alice, bob), 'pending')
  await put(alice, bob, 'accepted')
  assert.equal(await statusOf(bob, alice), 'accepted')
})

test('CON-026: who is blocked is not told, and stays in the conversation', async () => {
  const [alice, bob] = await pair()
  await ask(alice, bob)
  await put(bob, alice, 'accepted')
  await brig.told()
  await put(alice, bob, 'blocked')
  const [alignment, event, ...others] = await brig.told()
  assert.deepEqual([alignment?.body['selfIn'], alignment?.body['otherIn']], [false, true])
  assert.equal(event?.endpoint, 'push')
  assert.deepEqual(others, [])
  assert.equal(await statusOf(bob, alice), 'accepted')
  assert.equal((await ask(alice, bob)).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'accepted')).outcome, 'updated')
})

test('CON-013: what is not allowed is refused, and the present status is no change', async () => {
  const [alice, bob] = await pair()
  assert.equal((await put(alice, bob, 'accepted')).outcome, 'not-connected')
  await ask(alice, bob)
  assert.equal((await put(alice, bob, 'ignored')).outcome, 'bad-transition')
  assert.equal((await put(bob, alice, 'sent')).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'sent')).outcome, 'unchanged')
  await put(bob, alice, 'accepted')
  await brig.told()
  assert.equal((await put(alice, bob, 'pending')).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'cancelled')).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'missing-legalhold-consent')).outcome, 'bad-transition')
  assert.equal((await put(alice, bob, 'accepted')).outcome, 'unchanged')
  assert.deepEqual(await brig.told(), [])
})

test('CON-014: one cannot be connected with oneself, a team mate, nobody, or a guest; and a guest with nobody', async () => {
  const [alice, guest] = [await registerPerson(brig), await registerPerson(brig, 'Guest', null)]
  const nobody = { domain: brig.domain, user: UserId.parse('00000000-0000-4000-8000-000000000000') }
  assert.equal((await ask(alice, alice)).outcome, 'invalid-user')
  assert.equal((await alice.calls('request-connection', { params: nobody })).outcome, 'invalid-user')
  assert.equal((await ask(alice, guest)).outcome, 'invalid-user')
  assert.equal((await ask(guest, alice)).outcome, 'no-identity')
  const { owner, team } = await foundTeam(brig)
  const mate = await joinTeam(brig, team)
  assert.equal((await ask(owner, mate)).outcome, 'same-team')
  assert.equal((await ask(mate, owner)).outcome, 'same-team')
  assert.equal((await ask(mate, alice)).outcome, 'created')
  assert.equal((await put(alice, alice, 'accepted')).outcome, 'not-connected')
})

test('CON-018: the limit counts what was sent and accepted, and never keeps others from accepting', async () => {
  const alice = await registerPerson(brig)
  const others = await Promise.all(Array.from({ length: LIMIT + 3 }, () => registerPerson(brig)))
  const [first, second, third, fourth, fifth, sixth] = others as [Person, Person, Person, Person, Person, Person]
  await ask(alice, first)
  await ask(alice, second)
  await ask(third, alice)
  assert.equal((await put(alice, third, 'accepted')).outcome, 'updated')
  await ask(fourth, alice)
  assert.equal((await put(alice, fourth, 'accepted')).outcome, 'connection-limit')
  assert.equal(await statusOf(alice, fourth), 'pending')
  assert.equal((await put(first, alice, 'accepted')).outcome, 'updated')
  assert.equal((await ask(alice, fifth)).outcome, 'connection-limit')
  await put(alice, third, 'blocked')
  assert.equal((await ask(alice, sixth)).outcome, 'created')
})

test('clients of the first versions name a user of this backend by the id alone', async () => {
  const [alice, alex] = await pair()
  const asked = await alice.calls('request-connection-here', { body: { user: alex.id } }, 0)
  assert.equal(asked.outcome === 'created' && asked.body.status, 'sent')
  assert.equal((await alice.calls('request-connection-here', { body: { user: alice.id } }, 0)).outcome, 'invalid-user')
  const params = { user: alice.id }
  const accepted = await alex.calls('update-connection', { params, body: { status: 'accepted' } }, 0)
  assert.equal(accepted.outcome, 'updated')
  const found = await alex.calls('get-connection', { params }, 0)
  assert.equal(found.outcome === 'found' && found.body.status, 'accepted')
})

test('the list comes in pages, local users first, and each once', async () => {
  const [alice, ...others] = await Promise.all(Array.from({ length: 4 }, () => registerPerson(brig)))
  assert.ok(alice)
  for (const other of others) await ask(other, alice)
  await brig.alter(`insert into brig.connections values
    ('${alice.id}', '0.example', '00000000-0000-4000-8000-000000000001', 'sent', '0.example', '${alice.id}', now())`)
  const seen: string[] = []
  let state: string | undefined
  for (let pages = 0; pages < 5; pages += 1) {
    const page = await alice.calls('list-connections', { body: { size: 3, paging_state: state } })
    assert.ok(page.outcome === 'page')
    seen.push(...page.body.connections.map(({ to: id }) => id))
    state = page.body.paging_state
    if (!page.body.has_more) break
  }
  assert.deepEqual(seen.slice(0, 3).toSorted(), others.map(({ id }) => id).toSorted())
  assert.deepEqual(seen.slice(3), ['00000000-0000-4000-8000-000000000001'])
  const whole = await alice.calls('list-connections', { body: undefined })
  assert.equal(whole.outcome === 'page' && whole.body.connections.length, 4)
  const none = await registerPerson(brig)
  const empty = await none.calls('list-connections', { body: { paging_state: 'nonsense' } })
  assert.deepEqual(empty.outcome === 'page' && empty.body, { connections: [], has_more: false, paging_state: '' })
})

test('apps of before federation list connections with users of this backend only', async () => {
  const [alice, ...others] = await Promise.all(Array.from({ length: 3 }, () => registerPerson(brig)))
  assert.ok(alice)
  for (const other of others) await ask(other, alice)
  await brig.alter(`insert into brig.connections values
    ('${alice.id}', '0.example', '00000000-0000-4000-8000-000000000001', 'sent', '0.example', '${alice.id}', now())`)
  const list = async (query: object) => {
    const { body } = await alice.calls('list-own-connections', { query }, 1)
    return [body.connections.map(({ to: id }) => id), body.has_more]
  }
  const [first, second] = others.map(({ id }) => id).toSorted()
  assert.deepEqual(await list({}), [[first, second], false])
  assert.deepEqual(await list({ size: 1 }), [[first], true])
  assert.deepEqual(await list({ size: 1, start: first }), [[second], false])
})
