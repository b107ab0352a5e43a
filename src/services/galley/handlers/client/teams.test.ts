import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type QualifiedUserId, TeamId } from '#src/contract/ids.ts'
import type { TeamRole } from '#src/contract/teams.ts'
import { A, B, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { DOWN, friendOf, idsOf, updatesIn, whoHeard, willing } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let team: TeamId
let alice: QualifiedUserId
let tom: QualifiedUserId
beforeEach(() => {
  team = TeamId.parse(person().id)
  alice = mate()
  tom = mate()
  galley.backends.plays(B, willing())
})

const mate = (role: TeamRole = 'member'): QualifiedUserId => {
  const user = person()
  galley.parts.registers(user, { team, role })
  return user
}

const create = (users: readonly QualifiedUserId[], more: object = {}, as = alice) =>
  galley.as(as, 'create-conversation', {
    body: { qualified_users: [...users], team: { teamid: team }, ...more },
  })

const created = async (users: readonly QualifiedUserId[], more: object = {}) => {
  const answer = await create(users, more)
  assert.ok(answer.outcome === 'created', answer.outcome)
  await galley.queued()
  return { domain: A, conversation: answer.body.id }
}

test('CNV-004: team mates need no connection', async () => {
  const answer = await create([tom])
  assert.ok(answer.outcome === 'created', answer.outcome)
  assert.equal(answer.body.team, team)
  const params = { domain: A, conversation: answer.body.id }
  const added = await galley.as(alice, 'add-members', { params, body: { qualified_users: [mate()] } })
  assert.equal(added.outcome, 'event')
})

test('CNV-050: conversations of a team, and those for a team only, are for its members', async () => {
  const outsider = person()
  galley.parts.registers(outsider)
  assert.deepEqual(await create([], {}, outsider), { outcome: 'no-team-member' })
  const params = await created([tom], { access_role: ['team_member'] })
  for (const friend of [friendOf(galley, alice), friendOf(galley, alice, B)]) {
    const added = await galley.as(alice, 'add-members', { params, body: { qualified_users: [friend] } })
    assert.deepEqual(added, { outcome: 'no-team-member' })
  }
})

test('CNV-049: a partner has one other in a conversation of his, and changes none', async () => {
  const partner = mate('partner')
  const mates = [mate(), mate()] as const
  assert.deepEqual(await create(mates, {}, partner), { outcome: 'operation-denied' })
  const answer = await create([mates[0]], {}, partner)
  assert.ok(answer.outcome === 'created', answer.outcome)
  const denied = async (params: { domain: typeof A; conversation: string }) => {
    const added = await galley.as(partner, 'add-members', { params, body: { qualified_users: [mates[1]] } })
    const renamed = await galley.as(partner, 'rename-conversation', { params, body: { name: 'no' } })
    assert.deepEqual([added, renamed], [{ outcome: 'invalid-op' }, { outcome: 'invalid-op' }])
  }
  await denied({ domain: A, conversation: answer.body.id })
  await denied(await created([partner], { conversation_role: 'wire_admin' }))
})

test('CNV-030: who is not of the team goes when only the team may be in, wherever his backend is', async () => {
  const [charlie, dee] = [friendOf(galley, alice), friendOf(galley, alice, B)]
  const params = await created([tom, charlie, dee])
  galley.backends.plays(B, DOWN)
  const answer = await galley.as(alice, 'set-access', {
    params,
    body: { access: [], access_role: ['team_member'] },
  })
  assert.ok(answer.outcome === 'event', answer.outcome)
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.access-update'), idsOf(alice, tom, charlie))
  const leaves = queued.told.filter(({ event }) => event['type'] === 'conversation.member-leave')
  const whose = (event: Readonly<Record<string, unknown>>) => (event['data'] as { user_ids: string[] }).user_ids.join()
  for (const gone of [charlie, dee]) {
    const heard = leaves.filter(({ event }) => whose(event) === gone.id)
    assert.deepEqual(heard.map(({ user }) => user).toSorted(), idsOf(alice, tom, charlie))
    const [data] = heard.map(({ event }) => event['data'] as { reason: string })
    assert.equal(data?.reason, 'removed')
  }
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, alreadyPresentUsers: present }]) => [domain, action.tag, present]),
    ['ConversationAccessDataTag', 'ConversationRemoveMembersTag', 'ConversationRemoveMembersTag'].map((tag) => [
      B,
      tag,
      [dee.id],
    ]),
  )
  const read = await galley.as(tom, 'get-conversation', { params })
  assert.ok(read.outcome === 'found')
  assert.deepEqual(
    read.body.members.others.map(({ qualified_id: user }) => user),
    [alice],
  )
})

test('CNV-039: a conversation of a team is deleted for all, with its code', async () => {
  const bob = friendOf(galley, alice, B)
  const params = await created([tom, bob], { access: ['invite', 'code'], conversation_role: 'wire_member' })
  const code = await galley.as(alice, 'create-code', { params: { conversation: params.conversation }, body: {} })
  assert.ok(code.outcome === 'created')
  await galley.queued()
  galley.backends.plays(B, DOWN)
  const remove = (user: QualifiedUserId, of: TeamId = team) =>
    galley.as(user, 'delete-team-conversation', { params: { team: of, conversation: params.conversation } })
  assert.deepEqual(await remove(tom), { outcome: 'action-denied' })
  assert.deepEqual(await remove(alice, TeamId.parse(person().id)), { outcome: 'not-found' })
  assert.deepEqual(await remove(alice), { outcome: 'done' })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.delete'), idsOf(alice, tom))
  assert.equal(queued.told[0]?.event['data'], null)
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, alreadyPresentUsers: present }]) => [domain, action, present]),
    [[B, { tag: 'ConversationDeleteTag', action: {} }, [bob.id]]],
  )
  assert.deepEqual(await galley.as(alice, 'get-conversation', { params }), { outcome: 'not-found' })
  const { key, code: secret } = code.body.data as { key: string; code: string }
  assert.deepEqual(await galley.as(tom, 'see-cover', { query: { key, code: secret } }), { outcome: 'no-code' })
  assert.deepEqual(await remove(alice), { outcome: 'not-found' })
})

test('nobody elsewhere deletes a conversation of a team', async () => {
  const bob = friendOf(galley, alice, B)
  const { conversation } = await created([bob], { conversation_role: 'wire_admin' })
  const action = { tag: 'ConversationDeleteTag', action: {} }
  const { status } = await galley.from(B, 'update-conversation', { user: bob.id, conv_id: conversation, action })
  assert.equal(status, 422)
})

test('the roles of a team are for its members to see', async () => {
  const seen = await galley.as(tom, 'get-team-conversation-roles', { params: { team } })
  assert.ok(seen.outcome === 'roles')
  assert.deepEqual(
    seen.body.conversation_roles.map(({ conversation_role: role }) => role),
    ['wire_admin', 'wire_member'],
  )
  const outsider = person()
  galley.parts.registers(outsider)
  const refused = await galley.as(outsider, 'get-team-conversation-roles', { params: { team } })
  assert.deepEqual(refused, { outcome: 'no-team-member' })
})

test('team mates have one conversation of two, whoever opens it', async () => {
  const open = (self: QualifiedUserId, ...users: readonly QualifiedUserId[]) =>
    galley.as(self, 'create-one-to-one', { body: { qualified_users: [...users], team: { teamid: team } } })
  const first = await open(alice, tom)
  assert.ok(first.outcome === 'created', first.outcome)
  assert.deepEqual([first.body.type, first.body.access], [2, ['private']])
  assert.deepEqual(whoHeard((await galley.queued()).told, 'conversation.create'), idsOf(alice, tom))
  const second = await open(tom, tom, alice)
  assert.ok(second.outcome === 'existed', second.outcome)
  assert.equal(second.body.id, first.body.id)
  const outsider = person()
  galley.parts.registers(outsider)
  assert.deepEqual(await open(alice, outsider), { outcome: 'no-team-member' })
  assert.deepEqual(await open(alice), { outcome: 'invalid-op' })
  assert.deepEqual(await open(alice, person(B)), { outcome: 'not-connected' })
})

test('events of a conversation of a team name the team, those of others none', async () => {
  const params = await created([tom])
  await galley.as(alice, 'rename-conversation', { params, body: { name: 'named' } })
  const other = await create([], { team: null })
  assert.ok(other.outcome === 'created', other.outcome)
  const { told } = await galley.queued()
  assert.deepEqual(
    told.map(({ event }) => [event['type'], event['team']]),
    [
      ['conversation.rename', team],
      ['conversation.rename', team],
      ['conversation.create', undefined],
    ],
  )
})
