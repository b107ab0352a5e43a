import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationId, type QualifiedConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import type { OneToOneAlignment } from '#src/contract/internal/galley.ts'
import { A, B, person, startTestGalley, type TestGalley } from '../../testing.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let alice: QualifiedUserId
let alex: QualifiedUserId
let bob: QualifiedUserId
let id: ConversationId

beforeEach(async () => {
  await galley.queued()
  ;[alice, alex, bob] = [person(), person(), person(B)]
  id = ConversationId.parse(person().id)
})

type Wishes = Partial<OneToOneAlignment>

const between =
  (self: QualifiedUserId, other: QualifiedUserId, conversation: QualifiedConversationId) => (wishes: Wishes) =>
    galley.align({
      self: self.id,
      other,
      conversation,
      selfIn: true,
      otherIn: true,
      kind: 'one2one',
      actor: 'self',
      ...wishes,
    })

const told = async () =>
  (await galley.queued()).told.map(({ user, event: { type, from, data } }) => ({ user, type, from, data }))

const read = async (user: QualifiedUserId, domain = A) => {
  const answer = await galley.as(user, 'get-conversation', { params: { domain, conversation: id } })
  return answer.outcome === 'found' ? answer.body : answer.outcome
}

const joined = (...users: readonly QualifiedUserId[]) => ({
  users: users.map((user) => ({ qualified_id: user, id: user.id, conversation_role: 'wire_admin' })),
  user_ids: users.map((user) => user.id),
  add_type: 'internal_add',
})

test('asking a user of ours makes a pending conversation, of which only the asker hears', async () => {
  const align = between(alice, alex, { domain: A, id })
  await align({ otherIn: false, kind: 'connect' })
  assert.deepEqual(await told(), [
    {
      user: alice.id,
      type: 'conversation.connect-request',
      from: alice.id,
      data: { qualified_recipient: alex, recipient: alex.id, message: null, name: null, email: null },
    },
  ])
  const pending = await read(alice)
  assert.ok(typeof pending === 'object')
  assert.equal(pending.type, 3)
  assert.deepEqual(pending.access, ['private'])
  assert.deepEqual(pending.access_role, [])
  assert.deepEqual(pending.members.others, [])
  assert.equal(await read(alex), 'access-denied')
})

test('accepting makes it a conversation of two, and both hear who joined', async () => {
  await between(alice, alex, { domain: A, id })({ otherIn: false, kind: 'connect' })
  await told()
  const accept = between(alex, alice, { domain: A, id })
  await accept({})
  assert.deepEqual(await told(), [
    { user: alice.id, type: 'conversation.member-join', from: alex.id, data: joined(alex) },
    { user: alex.id, type: 'conversation.member-join', from: alex.id, data: joined(alex) },
  ])
  const accepted = await read(alex)
  assert.ok(typeof accepted === 'object')
  assert.equal(accepted.type, 2)
  assert.equal(accepted.creator, alice.id)
  assert.deepEqual(
    accepted.members.others.map(({ qualified_id: other }) => other),
    [alice],
  )
  await accept({})
  assert.deepEqual(await told(), [])
})

test('who blocks is out of it silently, and in again when he unblocks', async () => {
  const align = between(alice, alex, { domain: A, id })
  await align({})
  await told()
  await align({ selfIn: false })
  assert.deepEqual(await told(), [])
  assert.equal(await read(alice), 'access-denied')
  const left = await read(alex)
  assert.ok(typeof left === 'object')
  assert.equal(left.type, 2)
  assert.deepEqual(left.members.others, [])
  await align({})
  assert.deepEqual(await told(), [
    { user: alex.id, type: 'conversation.member-join', from: alice.id, data: joined(alice) },
    { user: alice.id, type: 'conversation.member-join', from: alice.id, data: joined(alice) },
  ])
})

test('a withdrawn request leaves nobody in it, and nothing is stored for a request that nobody made', async () => {
  const align = between(alice, alex, { domain: A, id })
  await align({ selfIn: false, otherIn: false, kind: 'connect' })
  assert.equal(await read(alice), 'not-found')
  await align({ otherIn: false, kind: 'connect' })
  await align({ selfIn: false, otherIn: false, kind: 'connect' })
  assert.equal(await read(alice), 'access-denied')
})

test('two requests that cross end in one conversation', async () => {
  const here = { domain: A, id }
  await Promise.all([
    between(alice, alex, here)({ otherIn: false, kind: 'connect' }),
    between(alex, alice, here)({ selfIn: true, otherIn: true }),
  ])
  await between(alex, alice, here)({})
  const conversation = await read(alice)
  assert.ok(typeof conversation === 'object')
  assert.equal(conversation.type, 2)
})

// A remote pair whose conversation is ours: bob@B is its remote member.

test('asking a remote user hosts the conversation with the asker alone, and nobody is told yet', async () => {
  const align = between(alice, bob, { domain: A, id })
  await align({ otherIn: false, kind: 'connect' })
  assert.deepEqual(await told(), [])
  const pending = await read(alice)
  assert.ok(typeof pending === 'object')
  assert.equal(pending.type, 3)
  // The remote user accepts.
  await align({ actor: 'other' })
  assert.deepEqual(await told(), [
    { user: alice.id, type: 'conversation.member-join', from: bob.id, data: joined(bob) },
  ])
  await align({ actor: 'other' })
  assert.deepEqual(await told(), [])
  const accepted = await read(alice)
  assert.ok(typeof accepted === 'object')
  assert.equal(accepted.type, 2)
  assert.deepEqual(
    accepted.members.others.map(({ qualified_id: other }) => other),
    [bob],
  )
  const { body } = await galley.from(B, 'get-conversations', { user_id: bob.id, conv_ids: [id] })
  const [shown] = (body as { convs: { metadata: { type: number; creator: string } }[] }).convs
  assert.deepEqual([shown?.metadata.type, shown?.metadata.creator], [2, alice.id])
})

test('being asked by a remote user hosts the conversation with him alone; accepting shows it to ours', async () => {
  const align = between(alice, bob, { domain: A, id })
  await align({ selfIn: false, kind: 'connect', actor: 'other' })
  assert.deepEqual(await told(), [])
  assert.equal(await read(alice), 'access-denied')
  await align({})
  const [event, ...rest] = await told()
  assert.deepEqual(rest, [])
  assert.deepEqual([event?.user, event?.type], [alice.id, 'conversation.create'])
  assert.ok(event)
  const { type, members } = event.data as { type: number; members: { others: { qualified_id: unknown }[] } }
  assert.equal(type, 2)
  assert.deepEqual(
    members.others.map(({ qualified_id: other }) => other),
    [bob],
  )
})

test('what our user does leaves the place of a remote one, and the other way round', async () => {
  const align = between(alice, bob, { domain: A, id })
  await align({ otherIn: false, kind: 'connect' })
  await align({ actor: 'other' })
  // alice blocks: her status asks for nobody, but only her own place is hers to change.
  await align({ selfIn: false, otherIn: false })
  const { body } = await galley.from(B, 'get-conversations', { user_id: bob.id, conv_ids: [id] })
  assert.equal((body as { convs: unknown[] }).convs.length, 1)
  assert.equal(await read(alice), 'access-denied')
  // bob rescinds while alice has unblocked.
  await align({})
  await align({ otherIn: false, actor: 'other' })
  const alone = await read(alice)
  assert.ok(typeof alone === 'object')
  assert.deepEqual(alone.members.others, [])
})

// A remote pair whose conversation is owned by B.

test('asking across backends puts the asker on record; he hears when the other one is in', async () => {
  const align = between(alice, bob, { domain: B, id })
  await align({ otherIn: false, kind: 'connect' })
  assert.deepEqual(await told(), [])
  await align({ actor: 'other' })
  await align({ actor: 'other' })
  assert.deepEqual(await told(), [
    { user: alice.id, type: 'conversation.member-join', from: bob.id, data: joined(bob) },
  ])
  const page = await galley.as(alice, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  assert.deepEqual(page.body.qualified_conversations.at(-1), { domain: B, id })
})

test('accepting across backends shows the conversation to the one who accepts', async () => {
  const align = between(alice, bob, { domain: B, id })
  await align({ selfIn: false, kind: 'connect', actor: 'other' })
  assert.deepEqual(await told(), [])
  await align({})
  await align({})
  const [event, ...rest] = await told()
  assert.deepEqual(rest, [])
  assert.deepEqual([event?.user, event?.type, event?.from], [alice.id, 'conversation.create', alice.id])
  const view = event?.data as {
    qualified_id: unknown
    creator: string
    type: number
    members: { others: { id: string }[] }
  }
  assert.deepEqual([view.qualified_id, view.creator, view.type], [{ domain: B, id }, bob.id, 2])
  assert.deepEqual(
    view.members.others.map((other) => other.id),
    [bob.id],
  )
})

test('who blocks across backends is off the record', async () => {
  const align = between(alice, bob, { domain: B, id })
  await align({})
  await align({ selfIn: false, otherIn: false })
  const page = await galley.as(alice, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  assert.deepEqual(
    page.body.qualified_conversations.map(({ domain }) => domain),
    [A],
  )
})
