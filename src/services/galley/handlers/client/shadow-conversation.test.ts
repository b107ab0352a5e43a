import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationId, type QualifiedUserId, TeamId } from '#src/contract/ids.ts'
import { B, person, startTestGalley, type TestGalley } from '../../testing.ts'
import {
  asAdmins,
  asMembers,
  DOWN,
  idsOf,
  membersSeenBy,
  startGroup,
  type TestGroup,
  whoHeard,
} from '../../testing-groups.ts'

let galley: TestGalley
let parent: TestGroup
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())
beforeEach(async () => {
  parent = await startGroup(galley)
})

const shadow = (user: QualifiedUserId, more: object = {}) =>
  galley.as(user, 'create-conversation', { body: { name: 'beside', parent: parent.id, ...more } })

test('CNV-055: a member makes a conversation with the members of another, whom he need not be connected with', async () => {
  const { alice, alex, bob, chad } = parent
  const answer = await shadow(alex)
  assert.ok(answer.outcome === 'created', answer.outcome)
  const { told } = await galley.queued()
  assert.deepEqual(whoHeard(told, 'conversation.create'), idsOf(alice, alex))
  const made = { ...parent, id: answer.body.id, at: { ...parent.at, conversation: answer.body.id } }
  assert.deepEqual(
    [...(await membersSeenBy(galley, alex, made))].toSorted(byName),
    [...asAdmins(alex), ...asMembers(alice, bob, chad)].toSorted(byName),
  )
})

const byName = ([one]: readonly [string, string], [other]: readonly [string, string]): number => (one < other ? -1 : 1)

test('CNV-055: only its members may shadow a conversation, and strangers do not learn whether there is one', async () => {
  const eve = person()
  galley.parts.registers(eve)
  assert.deepEqual(await shadow(eve), { outcome: 'access-denied' })
  assert.deepEqual(await shadow(parent.alex, { parent: ConversationId.parse(person().id) }), {
    outcome: 'access-denied',
  })
  // The conversation with oneself has nobody in it whom to make one with.
  const own = ConversationId.parse(parent.alex.id)
  await galley.as(parent.alex, 'create-self-conversation', {})
  assert.deepEqual(await shadow(parent.alex, { parent: own }), { outcome: 'access-denied' })
})

test('who shadows a conversation needs its members’ backends, and is of its team', async () => {
  galley.backends.plays(B, DOWN)
  const answer = await shadow(parent.alex)
  assert.ok(answer.outcome === 'unreachable', answer.outcome)
  assert.deepEqual(answer.body.unreachable_backends, [B])

  const team = TeamId.parse(person().id)
  const [owner, mate] = [person(), person()]
  for (const user of [owner, mate]) galley.parts.registers(user, { team })
  const made = await galley.as(owner, 'create-conversation', {
    body: { qualified_users: [mate], team: { teamid: team }, access_role: ['team_member'] },
  })
  assert.ok(made.outcome === 'created', made.outcome)
  const beside = await shadow(mate, { parent: made.body.id })
  assert.ok(beside.outcome === 'created', beside.outcome)
  assert.deepEqual([beside.body.team, beside.body.access_role], [team, ['team_member']])
})
