/** Accounts are deleted, of ours and elsewhere. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationId, type QualifiedUserId } from '#src/contract/ids.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { call } from '#src/kit/http/client.ts'
import { A, B, C, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { broughtInto } from '../../testing-elsewhere.ts'
import { idsOf, membersSeenBy, nameOf, startGroup, type TestGroup, updatesIn, whoHeard } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley)
})

const remove = (user: QualifiedUserId) =>
  call(galley.transport, galleyInternal['remove-user'], { body: { user: user.id } })

const oneToOne = async (other: QualifiedUserId): Promise<ConversationId> => {
  const id = ConversationId.parse(person().id)
  await galley.align({
    self: group.alice.id,
    other,
    conversation: { domain: A, id },
    selfIn: true,
    otherIn: true,
    kind: 'one2one',
    actor: 'self',
  })
  await galley.queued()
  return id
}

const joinElsewhere = async (owner: typeof B, count: number): Promise<Set<string>> => {
  const creator = person(owner)
  const ids = new Set<string>()
  for (let n = 0; n < count; n += 1) ids.add((await broughtInto(galley, creator, [group.alice])).id)
  await galley.queued()
  return ids
}

test('DEL-002: the others hear that she is gone, and her conversations of two go silently', async () => {
  const { alice, alex, bob, chad } = group
  const two = await oneToOne(alex)
  await galley.as(alice, 'create-self-conversation', {})
  await remove(alice)
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-leave'), idsOf(alex))
  assert.deepEqual(
    queued.told.map(({ event }) => [event['qualified_from'], event['data']]),
    [[alice, { reason: 'user-deleted', qualified_user_ids: [alice], user_ids: [alice.id] }]],
  )
  assert.deepEqual(
    updatesIn(queued).map(([domain, { origUserId, action, alreadyPresentUsers: present }]) => [
      domain,
      origUserId,
      action,
      present,
    ]),
    [
      [B, alice, { tag: 'ConversationLeaveTag', action: {} }, [bob.id]],
      [C, alice, { tag: 'ConversationLeaveTag', action: {} }, [chad.id]],
    ],
  )
  assert.equal((await membersSeenBy(galley, alex, group)).has(nameOf(alice)), false)
  const read = await galley.as(alex, 'get-conversation', { params: { domain: A, conversation: two } })
  assert.ok(read.outcome === 'found')
  assert.deepEqual(read.body.members.others, [])
  await remove(alice)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('DEL-003: owners of other conversations are told through the queue, each with its own', async () => {
  const { alice } = group
  const [atB, atC] = [await joinElsewhere(B, 3), await joinElsewhere(C, 1)]
  await remove(alice)
  const { letters } = await galley.queued()
  const deletions = letters.flatMap(({ domain, entries }) =>
    entries
      .filter(({ path }) => path === 'on-user-deleted-conversations')
      .map(({ body }) => [domain, JSON.parse(body) as { user: string; conversations: string[] }] as const),
  )
  assert.deepEqual(
    deletions.map(([domain, { user, conversations }]) => [domain, user, new Set(conversations)]),
    [
      [B, alice.id, atB],
      [C, alice.id, atC],
    ],
  )
  const page = await galley.as(alice, 'list-conversation-ids', { body: {} })
  assert.ok(page.outcome === 'page')
  assert.deepEqual(
    page.body.qualified_conversations.map(({ id }) => id),
    [alice.id],
  )
})

test('DEL-003: what was not finished before a restart is finished by the next call', async () => {
  const { alice, alex } = group
  await joinElsewhere(B, 1)
  const stopped = remove(alice).catch(() => 'stopped')
  await galley.restart()
  await stopped
  await remove(alice)
  const { told, letters } = await galley.queued()
  assert.deepEqual(whoHeard(told, 'conversation.member-leave'), idsOf(alex))
  assert.equal(letters.filter(({ entries }) => entries[0]?.path === 'on-user-deleted-conversations').length, 1)
})

const deletedElsewhere = (user: QualifiedUserId, conversations: readonly string[], origin = user.domain) =>
  galley.from(origin, 'on-user-deleted-conversations', { user: user.id, conversations })

test('DEL-005: somebody elsewhere is gone from our conversations, and his own backend need not be told', async () => {
  const { alice, alex, bob, chad, id } = group
  const two = await oneToOne(bob)
  const answer = await deletedElsewhere(bob, [id, two, person().id, id])
  assert.deepEqual(answer, { status: 200, body: {} })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-leave'), idsOf(alice, alex))
  assert.deepEqual(queued.told[0]?.event['data'], {
    reason: 'user-deleted',
    qualified_user_ids: [bob],
    user_ids: [bob.id],
  })
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, origUserId, alreadyPresentUsers: present }]) => [
      domain,
      action.tag,
      origUserId,
      present,
    ]),
    [[C, 'ConversationLeaveTag', bob, [chad.id]]],
  )
  const read = await galley.as(alice, 'get-conversation', { params: { domain: A, conversation: two } })
  assert.ok(read.outcome === 'found')
  assert.deepEqual(read.body.members.others, [])
  await deletedElsewhere(bob, [id, two])
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('DEL-005: a backend can only say that of its own users', async () => {
  const { alice, bob, id } = group
  await deletedElsewhere(bob, [id], C)
  await deletedElsewhere(alice, [id], B)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  assert.equal((await membersSeenBy(galley, alice, group)).size, 4)
})
