import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConversationId, type Domain, type QualifiedUserId } from '#src/contract/ids.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import { A, B, C, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

const registered = (): QualifiedUserId => {
  const user = person()
  galley.parts.registers(user)
  return user
}

const groupOf = async (creator: QualifiedUserId, others: readonly QualifiedUserId[]) => {
  for (const other of others) galley.parts.connects(creator, other)
  const answer = await galley.as(creator, 'create-conversation', {
    body: { name: 'n', qualified_users: [...others], conversation_role: 'wire_member' },
  })
  assert.ok(answer.outcome === 'created')
  return answer.body.qualified_id
}

const remoteGroup = (creator: QualifiedUserId, ours: readonly QualifiedUserId[]) => broughtInto(galley, creator, ours)

const shownBy = (id: ConversationId, others: readonly QualifiedUserId[]) => ({
  id,
  metadata: { type: 0, creator: others[0]?.id, access: ['invite'], access_role: ['team_member'], name: 'theirs' },
  members: {
    self_role: 'wire_member',
    others: others.map((user) => ({ qualified_id: user, conversation_role: 'wire_admin' })),
  },
  protocol: { protocol: 'proteus' },
})

const get = (user: QualifiedUserId, { domain, id }: { domain?: Domain; id: ConversationId }, version = 8) =>
  galley.as(user, 'get-conversation', { params: { domain, conversation: id } }, { version })

test('CNV-009: members read a conversation, others are denied it, and an unknown one is not found', async () => {
  const [alice, alex, eve] = [registered(), registered(), registered()]
  const id = await groupOf(alice, [alex])
  const read = await get(alex, id)
  assert.ok(read.outcome === 'found')
  assert.equal(read.body.members.self.conversation_role, 'wire_member')
  assert.deepEqual(
    read.body.members.others.map(({ qualified_id: other }) => other),
    [alice],
  )
  assert.deepEqual(await get(eve, id), { outcome: 'access-denied' })
  assert.deepEqual(await get(eve, { domain: A, id: ConversationId.parse(person().id) }), { outcome: 'not-found' })
})

test('CNV-036: a new member has set up nothing yet', async () => {
  const alex = registered()
  const read = await get(alex, await groupOf(registered(), [alex]))
  assert.ok(read.outcome === 'found')
  assert.deepEqual(read.body.members.self, {
    qualified_id: alex,
    id: alex.id,
    conversation_role: 'wire_member',
    service: null,
    status: 0,
    status_ref: '0.0',
    status_time: '1970-01-01T00:00:00.000Z',
    otr_muted_status: null,
    otr_muted_ref: null,
    otr_archived: false,
    otr_archived_ref: null,
    hidden: false,
    hidden_ref: null,
  })
})

test('an id without domain is one of ours, and versions below 3 get the older form', async () => {
  const alice = registered()
  const { id } = await groupOf(alice, [])
  const answer = await galley.transport.send({
    method: 'GET',
    pattern: '/conversations/{conversation}',
    params: { conversation: id },
    query: {},
    headers: { 'z-user': alice.id, 'x-comity-api-version': '1' },
    body: new Uint8Array(),
  })
  assert.equal(answer.status, 200)
  const old = await get(alice, { domain: A, id }, 2)
  assert.ok(old.outcome === 'found-old')
  assert.equal(old.body.access_role, 'activated')
  assert.deepEqual(old.body.access_role_v2, ['team_member', 'non_team_member', 'service'])
})

test('CNV-010: a remote conversation is read from its owner, with our own settings', async () => {
  const [alice, bob] = [registered(), person(B)]
  const id = await remoteGroup(bob, [alice])
  galley.backends.plays(B, { rpcs: { 'get-conversations': () => ({ convs: [shownBy(id.id, [bob])] }) } })
  const read = await get(alice, id)
  assert.ok(read.outcome === 'found')
  assert.deepEqual(read.body.qualified_id, id)
  assert.equal(read.body.name, 'theirs')
  assert.deepEqual(read.body.members.self.qualified_id, alice)
  assert.deepEqual(
    read.body.members.others.map(({ qualified_id: other }) => other),
    [bob],
  )
  assert.deepEqual(
    galley.backends.calls.map(({ rpc, input }) => [rpc, input]),
    [['get-conversations', { user_id: alice.id, conv_ids: [id.id] }]],
  )
})

test('CNV-010: when the owner is away the reader hears of that', async () => {
  const alice = registered()
  const id = await remoteGroup(person(C), [alice])
  await assert.rejects(get(alice, id), /521/)
})

test('CNV-010: nobody is asked for a conversation that the reader is not in', async () => {
  const alice = registered()
  const id = await remoteGroup(person(B), [registered()])
  galley.backends.plays(B, { rpcs: { 'get-conversations': () => ({ convs: [] }) } })
  assert.deepEqual(await get(alice, id), { outcome: 'not-found' })
  assert.deepEqual(galley.backends.calls, [])
})

test('a conversation that its owner does not show is not found, and one that nobody asked for is ignored', async () => {
  const alice = registered()
  const id = await remoteGroup(person(B), [alice])
  const other = ConversationId.parse(person().id)
  galley.backends.plays(B, { rpcs: { 'get-conversations': () => ({ convs: [shownBy(other, [person(B)])] }) } })
  assert.deepEqual(await get(alice, id), { outcome: 'not-found' })
})

test('CNV-057: an owner of federation version 1 is asked in its form', async () => {
  const [alice, bob] = [registered(), person(B)]
  const id = await remoteGroup(bob, [alice])
  galley.backends.plays(B, { version: 1, rpcs: { 'get-conversations': () => ({ convs: [shownBy(id.id, [bob])] }) } })
  assert.equal((await get(alice, id)).outcome, 'found')
})

const allIds = async (user: QualifiedUserId, size: number) => {
  const pages: unknown[][] = []
  let state: string | undefined
  for (;;) {
    const page = await galley.as(user, 'list-conversation-ids', { body: { size, paging_state: state } })
    assert.ok(page.outcome === 'page')
    pages.push(page.body.qualified_conversations)
    if (!page.body.has_more) return pages
    state = page.body.paging_state
  }
}

test('CNV-012: the pages of ids hold each conversation once, ours first, and the one with oneself', async () => {
  const [alice, alex] = [registered(), registered()]
  const own = [await groupOf(alice, [alex]), await groupOf(alice, []), await groupOf(alex, [alice])]
  const remote = [
    await remoteGroup(person(C), [alice]),
    await remoteGroup(person(B), [alice]),
    await remoteGroup(person(B), [alice]),
  ]
  await groupOf(alex, [])
  const pages = await allIds(alice, 2)
  assert.deepEqual(
    pages.map(({ length }) => length),
    [2, 2, 2, 1],
  )
  const ids = pages.flat() as { domain: Domain; id: string }[]
  assert.deepEqual(new Set(ids.map(({ id }) => id)), new Set([alice, ...own, ...remote].map(({ id }) => id as string)))
  assert.deepEqual(
    ids.map(({ domain }) => domain),
    [A, A, A, A, B, B, C],
  )
})

test('CNV-012: one page can hold all, and the state of the last page leads nowhere', async () => {
  const alice = registered()
  const page = await galley.as(alice, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  assert.deepEqual(page.body.qualified_conversations, [{ domain: A, id: alice.id }])
  assert.equal(page.body.has_more, false)
  const next = await galley.as(alice, 'list-conversation-ids', { body: { paging_state: page.body.paging_state } })
  assert.ok(next.outcome === 'page')
  assert.deepEqual(next.body.qualified_conversations, [])
})

test('a paging state that is none of ours is refused', async () => {
  const answer = await galley.as(registered(), 'list-conversation-ids', { body: { paging_state: 'AQ==' } })
  assert.deepEqual(answer, { outcome: 'bad-paging-state' })
})

test('a list names what is found, what is not, and what could not be asked for', async () => {
  const [alice, bob, chad] = [registered(), person(B), person(C)]
  const own = await groupOf(alice, [])
  const closed = await groupOf(registered(), [])
  const shown = await remoteGroup(bob, [alice])
  const hidden = await remoteGroup(bob, [alice])
  const silent = await remoteGroup(chad, [alice])
  const strange = await remoteGroup(chad, [])
  galley.backends.plays(B, { rpcs: { 'get-conversations': () => ({ convs: [shownBy(shown.id, [bob])] }) } })
  const unknown = { domain: A, id: ConversationId.parse(person().id) }
  const self = { domain: A, id: ConversationId.parse(alice.id) }
  const wanted = [own, closed, shown, hidden, silent, strange, unknown, self, own]
  const answer = await galley.as(alice, 'list-conversations', { body: { qualified_ids: wanted } })
  assert.ok(answer.outcome === 'list')
  const { found, not_found: missing, failed } = answer.body
  assert.deepEqual(new Set(found.map(({ id }) => id)), new Set([own.id, shown.id, self.id]))
  assert.deepEqual(new Set(missing.map(({ id }) => id)), new Set([closed.id, hidden.id, strange.id, unknown.id]))
  assert.deepEqual(failed, [silent])
})

test('owners are asked for many conversations in bounded parts, at most once for each', async () => {
  const [alice, bob] = [registered(), person(B)]
  const ids = await Promise.all(Array.from({ length: 130 }, () => remoteGroup(bob, [alice])))
  galley.backends.plays(B, {
    rpcs: {
      'get-conversations': ({ conv_ids: asked }: { conv_ids: ConversationId[] }) => ({
        convs: asked.map((id) => shownBy(id, [bob])),
      }),
    },
  })
  const answer = await galley.as(alice, 'list-conversations', { body: { qualified_ids: ids } })
  assert.ok(answer.outcome === 'list')
  assert.equal(answer.body.found.length, 130)
  const sizes = galley.backends.calls.map(({ input }) => (input as { conv_ids: unknown[] }).conv_ids.length)
  assert.deepEqual(sizes, [100, 30])
})

test('versions below 3 get lists in the older form', async () => {
  const alice = registered()
  const id = await groupOf(alice, [])
  const answer = await galley.as(alice, 'list-conversations', { body: { qualified_ids: [id] } }, { version: 1 })
  assert.ok(answer.outcome === 'list-old')
  assert.equal(answer.body.found[0]?.access_role, 'activated')
})

test('apps of before federation list what is here, in pages or by id, and nothing of other backends', async () => {
  const [alice, bob] = [registered(), person(B)]
  const groups = [await groupOf(alice, []), await groupOf(alice, [])]
  const there = await remoteGroup(bob, [alice])
  const own = [alice.id as string, ...groups.map(({ id }) => id as string)].toSorted()
  const ids = async (query: object) => {
    const answer = await galley.as(alice, 'list-own-conversation-ids', { query }, { version: 2 })
    return [answer.body.conversations, answer.body.has_more]
  }
  assert.deepEqual(await ids({}), [own, false])
  assert.deepEqual(await ids({ size: 2 }), [own.slice(0, 2), true])
  assert.deepEqual(await ids({ start: own[1] }), [own.slice(2), false])
  const list = async (query: object) => {
    const answer = await galley.as(alice, 'list-own-conversations', { query }, { version: 1 })
    return [answer.body.conversations.map(({ id, access_role: role }) => [id, role]), answer.body.has_more]
  }
  const shown = own.map((id) => [id, id === alice.id ? 'private' : 'activated'])
  assert.deepEqual(await list({ size: 2 }), [shown.slice(0, 2), true])
  assert.deepEqual(await list({ size: 2, start: own[1] }), [shown.slice(2), false])
  assert.deepEqual(await list({ ids: [groups[1]?.id, there.id].join() }), [[[groups[1]?.id, 'activated']], false])
  await assert.rejects(list({ ids: own[0], start: own[1] }), /400/)
})

test('CNV-048: the conversation with oneself is there before and after it is made', async () => {
  const alice = registered()
  const self = { domain: A, id: ConversationId.parse(alice.id) }
  const before = await get(alice, self)
  assert.ok(before.outcome === 'found')
  assert.equal(before.body.type, 1)
  assert.deepEqual(before.body.access, ['private'])
  assert.deepEqual(before.body.members.others, [])
  const first = await galley.as(alice, 'create-self-conversation', {})
  const second = await galley.as(alice, 'create-self-conversation', {})
  assert.ok(first.outcome === 'created' && second.outcome === 'existed')
  assert.deepEqual(first.body, before.body)
  assert.deepEqual(second.body, before.body)
  assert.deepEqual(await get(alice, self), before)
  assert.deepEqual(await allIds(alice, 10), [[self]])
  assert.deepEqual(await get(registered(), self), { outcome: 'access-denied' })
})

test('members see the roles there are, others do not', async () => {
  const [alice, eve] = [registered(), registered()]
  const { id } = await groupOf(alice, [])
  const rolesFor = (user: QualifiedUserId, conversation: ConversationId) =>
    galley.as(user, 'get-conversation-roles', { params: { conversation } })
  const answer = await rolesFor(alice, id)
  assert.ok(answer.outcome === 'roles')
  assert.deepEqual(
    answer.body.conversation_roles.map(({ conversation_role: role, actions }) => [role, actions.length]),
    [
      ['wire_admin', 10],
      ['wire_member', 1],
    ],
  )
  assert.deepEqual(await rolesFor(eve, id), { outcome: 'access-denied' })
  assert.deepEqual(await rolesFor(eve, ConversationId.parse(person().id)), { outcome: 'not-found' })
  assert.equal((await rolesFor(eve, ConversationId.parse(eve.id))).outcome, 'roles')
})

test('an owner that fails in any way fails only its own conversations', async () => {
  const [alice, bob] = [registered(), person(B)]
  const own = await groupOf(alice, [])
  const id = await remoteGroup(bob, [alice])
  galley.backends.plays(B, {
    rpcs: {
      'get-conversations': () => {
        throw new FederationFailure({ domain: B, rpc: 'get-conversations' }, 533, 'federation-invalid-body', {
          detail: '',
        })
      },
    },
  })
  const answer = await galley.as(alice, 'list-conversations', { body: { qualified_ids: [own, id] } })
  assert.ok(answer.outcome === 'list')
  assert.deepEqual(
    answer.body.found.map(({ id: found }) => found),
    [own.id],
  )
  assert.deepEqual(answer.body.failed, [id])
})
