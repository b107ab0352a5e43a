import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationCreated } from '#src/contract/federation/galley.ts'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { eventually } from '#src/storage/testing.ts'
import { A, B, C, person, startTestGalley, type TestGalley } from '../../testing.ts'
import type { PlayedBackend } from '../../testing-backends.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

/** Federates with everybody but those listed, and takes note of every conversation. */
const willing = (unknown: readonly string[] = []): PlayedBackend => ({
  rpcs: {
    'get-not-fully-connected-backends': ({ domains }: { domains: string[] }) => ({
      non_connected_backends: domains.filter((domain) => unknown.includes(domain)),
    }),
    'on-conversation-created': () => ({}),
  },
})

let alice: QualifiedUserId
let alex: QualifiedUserId
let bob: QualifiedUserId
let chad: QualifiedUserId

beforeEach(async () => {
  ;[alice, alex, bob, chad] = [person(), person(), person(B), person(C)]
  galley.parts.registers(alice)
  galley.parts.registers(alex)
  for (const friend of [alex, bob, chad]) galley.parts.connects(alice, friend)
  galley.backends.plays(B, willing())
  galley.backends.plays(C, willing())
  await galley.queued()
})

const create = (users: readonly QualifiedUserId[], more: object = {}, version = 8) =>
  galley.as(alice, 'create-conversation', { body: { qualified_users: [...users], ...more } }, { version })

const created = async (users: readonly QualifiedUserId[], more: object = {}) => {
  const answer = await create(users, more)
  assert.ok(answer.outcome === 'created', answer.outcome)
  return answer.body
}

const post = (body: object) =>
  galley.transport.send({
    method: 'POST',
    pattern: '/conversations',
    params: {},
    query: {},
    headers: { 'z-user': alice.id, 'x-comity-api-version': '8' },
    body: Buffer.from(JSON.stringify(body)),
  })

const statusOf = async (body: object): Promise<number> => (await post(body)).status

const idsOf = async (user: QualifiedUserId): Promise<string[]> => {
  const page = await galley.as(user, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  return page.body.qualified_conversations.map(({ id }) => id)
}

test('CNV-001: a group with local and remote members is as its creator wanted it', async () => {
  const answer = await create([alex, bob, chad], { name: 'n', conversation_role: 'wire_member', receipt_mode: null })
  assert.ok(answer.outcome === 'created')
  const { body } = answer
  assert.equal(body.type, 0)
  assert.equal(body.name, 'n')
  assert.equal(body.creator, alice.id)
  assert.deepEqual(body.access, ['invite'])
  assert.deepEqual(body.access_role, ['team_member', 'non_team_member', 'service'])
  assert.equal(body.protocol, 'proteus')
  assert.deepEqual(body.failed_to_add, [])
  assert.deepEqual(body.members.self.qualified_id, alice)
  assert.equal(body.members.self.conversation_role, 'wire_admin')
  assert.deepEqual(
    new Map(body.members.others.map(({ qualified_id: { id }, conversation_role: role }) => [id, role])),
    new Map([alex, bob, chad].map(({ id }) => [id, 'wire_member'])),
  )
})

test('the answer says where the conversation is', async () => {
  const { headers, status } = await post({})
  assert.equal(status, 201)
  assert.match(String(headers['location']), /^\/conversations\/[0-9a-f-]{36}$/)
})

test('CNV-001: everybody of ours gets the conversation from his own point of view', async () => {
  const { id } = await created([alex, bob, chad])
  const { told } = await galley.queued()
  assert.deepEqual(
    told.map(({ user, event }) => [user, event['type']]),
    [
      [alice.id, 'conversation.create'],
      [alex.id, 'conversation.create'],
    ],
  )
  const [toAlice, toAlex] = told.map(({ event }) => event as { data: { members: { self: object; others: object[] } } })
  assert.deepEqual(toAlice?.data.members.self, { ...toAlice?.data.members.self, id: alice.id })
  assert.deepEqual(toAlex?.data.members.self, {
    ...toAlex?.data.members.self,
    id: alex.id,
    conversation_role: 'wire_admin',
  })
  assert.equal(toAlex?.data.members.others.length, 3)
  const { data, ...envelope } = told[1]?.event ?? {}
  assert.deepEqual(envelope, {
    type: 'conversation.create',
    conversation: id,
    qualified_conversation: { domain: A, id },
    from: alice.id,
    qualified_from: alice,
    time: envelope['time'],
  })
  assert.deepEqual(
    Object.entries(data as object).filter(([key]) => key.startsWith('access_role')),
    [
      ['access_role', 'activated'],
      ['access_role_v2', ['team_member', 'non_team_member', 'service']],
    ],
  )
  // Alice's other devices hear of it, the socket that asked does not; gundeck tells them apart by this.
  assert.deepEqual(
    told.map(({ push, clients }) => [push.origin, clients]),
    [
      [{ user: alice.id, connection: '7' }, []],
      [{ user: alice.id, connection: '7' }, []],
    ],
  )
})

test('CNV-001: other backends are told while the creator waits, of their own users and ours', async () => {
  const brad = person(B)
  galley.parts.connects(alice, brad)
  const { id } = await created([alex, bob, brad, chad], { name: 'n', message_timer: 1000 })
  const toB = galley.backends.calls.find(({ domain, rpc }) => domain === B && rpc === 'on-conversation-created')
  assert.ok(toB)
  const { time, non_creator_members: members, ...rest } = ConversationCreated.parse(toB.input)
  assert.match(time, /Z$/)
  assert.deepEqual(rest, {
    orig_user_id: alice.id,
    cnv_id: id,
    cnv_type: 0,
    cnv_access: ['invite'],
    cnv_access_roles: ['team_member', 'non_team_member', 'service'],
    cnv_name: 'n',
    message_timer: 1000,
    receipt_mode: null,
    protocol: { protocol: 'proteus' },
    group_conv_type: 'group_conversation',
    channel_add_permission: null,
    history: null,
  })
  assert.deepEqual(new Set(members.map(({ qualified_id: member }) => member.id)), new Set([alex.id, bob.id, brad.id]))
})

test('CNV-001: users of different remote backends learn of each other by a queued join', async () => {
  const { id } = await created([alex, bob, chad])
  const { letters, told } = await galley.queued()
  assert.deepEqual(new Set(letters.map(({ domain }) => domain)), new Set([B, C]))
  const [toB] = letters.filter(({ domain }) => domain === B)
  const [current, old] = (toB?.entries ?? []).map((entry) => [entry.bodyVersions, JSON.parse(entry.body)] as const)
  assert.deepEqual(current, [
    { from: 1 },
    {
      time: current?.[1].time,
      origUserId: alice,
      convId: id,
      alreadyPresentUsers: [bob.id],
      action: { tag: 'ConversationJoinTag', action: { users: [chad], role: 'wire_member', join_type: 'internal_add' } },
      extraConversationData: null,
    },
  ])
  assert.deepEqual(old?.[0], { from: 0, until_excl: 1 })
  assert.deepEqual(old?.[1].cuAlreadyPresentUsers, [bob.id])
  // Later than the creation, or stock clients drop it.
  assert.ok(current?.[1].time > String(told[0]?.event['time']))
})

test('a single remote backend needs no join update', async () => {
  await created([alex, bob])
  assert.deepEqual((await galley.queued()).letters, [])
})

test('CNV-002: a backend that is away prevents the creation, and nobody hears of it', async () => {
  const dora = person(person().domain.replace('a.', 'd.') as typeof B)
  galley.parts.connects(alice, dora)
  const before = await idsOf(alice)
  const answer = await create([alex, bob, dora])
  assert.deepEqual(answer, { outcome: 'unreachable', body: { unreachable_backends: [dora.domain] } })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  assert.deepEqual(await idsOf(alice), before)
  assert.ok(!galley.backends.calls.some(({ rpc }) => rpc === 'on-conversation-created'))
})

test('CNV-002: all backends that are away are named', async () => {
  galley.backends.plays(B, {})
  galley.backends.plays(C, {})
  const answer = await create([alex, bob, chad])
  assert.deepEqual(answer, { outcome: 'unreachable', body: { unreachable_backends: [B, C] } })
})

test('CNV-002: clients below version 4 get an error object instead', async () => {
  galley.backends.plays(C, {})
  assert.equal((await create([bob, chad], {}, 3)).outcome, 'unreachable-old')
})

test('a backend that does not take note undoes the creation, and those that did are told', async () => {
  galley.backends.plays(C, { rpcs: { 'get-not-fully-connected-backends': () => ({ non_connected_backends: [] }) } })
  const before = await idsOf(alice)
  const answer = await create([alex, bob, chad])
  assert.deepEqual(answer, { outcome: 'unreachable', body: { unreachable_backends: [C] } })
  assert.deepEqual(await idsOf(alice), before)
  const { told, letters } = await galley.queued()
  assert.deepEqual(told, [])
  const toB = letters.find(({ domain }) => domain === B)?.entries[0]
  const update = JSON.parse(toB?.body ?? 'null')
  assert.equal(update.action.tag, 'ConversationDeleteTag')
  assert.deepEqual(update.alreadyPresentUsers, [bob.id])
})

test('a creation that a crash left unfinished is undone later', async () => {
  const hanging = Promise.withResolvers<object>()
  const asked = Promise.withResolvers<void>()
  galley.backends.plays(B, {
    rpcs: {
      ...willing().rpcs,
      'on-conversation-created': () => {
        asked.resolve()
        return hanging.promise
      },
    },
  })
  const before = await idsOf(alice)
  const answer = create([alex, bob])
  await asked.promise
  await galley.clock.advance(60 * 60 * 1000)
  await galley.restart()
  await eventually(async () => (await idsOf(alice)).length === before.length, 'the creation was undone')
  hanging.resolve({})
  await assert.rejects(answer, /503/)
  const { told, letters } = await galley.queued()
  assert.deepEqual(told, [])
  assert.deepEqual(
    letters.map(({ domain }) => domain),
    [B],
  )
})

test('CNV-003: two backends that do not know each other prevent the creation', async () => {
  galley.backends.plays(B, willing([C]))
  assert.deepEqual(await create([bob, chad]), {
    outcome: 'non-federating',
    body: { non_federating_backends: [B, C] },
  })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  assert.equal((await create([bob])).outcome, 'created')
})

test('CNV-004: who is not connected on both sides cannot be added', async () => {
  const [dan, eve, dora] = [person(), person(), person(B)]
  for (const user of [dan, eve]) galley.parts.registers(user)
  galley.parts.connects(alice, eve, { own: 'accepted', back: 'blocked' })
  galley.parts.connects(alice, dora, { own: 'sent' })
  for (const user of [dan, eve, dora]) assert.deepEqual(await create([alex, user]), { outcome: 'not-connected' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-005: a group has at most 500 members, the creator included', async () => {
  const many = Array.from({ length: 500 }, () => person())
  assert.deepEqual(await create(many), { outcome: 'too-many-members' })
})

test('CNV-005: what is malformed is refused and changes nothing', async () => {
  const before = await idsOf(alice)
  for (const body of [
    { name: 'x'.repeat(257) },
    { name: '' },
    { qualified_users: [{ id: 'x', domain: A }] },
    { access: ['everybody'] },
  ]) {
    assert.equal(await statusOf(body), 400)
  }
  assert.deepEqual(await idsOf(alice), before)
})

test('CNV-006: an account without verified address creates nothing', async () => {
  const guest = person()
  galley.parts.registers(guest, { isVerified: false })
  const answer = await galley.as(guest, 'create-conversation', { body: {} })
  assert.deepEqual(answer, { outcome: 'operation-denied' })
})

test('a local user whom the access roles exclude cannot be added', async () => {
  const guest = person()
  galley.parts.registers(guest, { isVerified: false })
  galley.parts.connects(alice, guest)
  assert.deepEqual(await create([guest]), { outcome: 'access-denied' })
  const roles = ['team_member', 'non_team_member', 'guest', 'service']
  assert.equal((await create([guest], { access_role: roles })).outcome, 'created')
  assert.deepEqual(await create([alex], { access_role: ['team_member'] }), { outcome: 'access-denied' })
})

test('what needs MLS or teams is refused', async () => {
  assert.deepEqual(await create([], { protocol: 'mls' }), { outcome: 'mls-not-enabled' })
  assert.deepEqual(await create([], { group_conv_type: 'channel' }), { outcome: 'not-mls-conversation' })
  assert.deepEqual(await create([], { team: { teamid: person().id, managed: false } }), { outcome: 'no-team-member' })
})

test('the creator and duplicates in the list are members once; nobody else is a group too', async () => {
  const { members } = await created([alice, alex, alex], { users: [alex.id] })
  assert.deepEqual(
    members.others.map(({ id }) => id),
    [alex.id],
  )
  assert.deepEqual((await created([])).members.others, [])
})

test('CNV-034: old clients name the access role, and the list beside it wins', async () => {
  const old = await create(
    [alex],
    { access_role: 'activated', access_role_v2: ['team_member', 'non_team_member', 'guest'] },
    2,
  )
  assert.ok(old.outcome === 'created-old')
  assert.equal(old.body.access_role, 'non_activated')
  assert.deepEqual(old.body.access_role_v2, ['team_member', 'non_team_member', 'guest'])
  const named = await create([alex], { access_role: 'non_activated' }, 2)
  assert.ok(named.outcome === 'created-old')
  assert.deepEqual(named.body.access_role_v2, ['team_member', 'non_team_member', 'guest', 'service'])
})
