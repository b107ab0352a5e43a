import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Domain, type QualifiedUserId } from '#src/contract/ids.ts'
import { A, B, C, person, startTestGalley, type TestGalley } from '../../testing.ts'
import {
  asAdmins,
  asMembers,
  DOWN,
  friendOf,
  idsOf,
  membersSeenBy,
  startGroup,
  type TestGroup,
  updatesIn,
  whoHeard,
  willing,
} from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley)
})

const add = (users: readonly QualifiedUserId[], { as = group.alice, role = 'wire_member', version = 8 } = {}) =>
  galley.as(
    as,
    'add-members',
    { params: group.at, body: { qualified_users: [...users], conversation_role: role } },
    { version },
  )

const remove = (user: QualifiedUserId, as = group.alice) =>
  galley.as(as, 'remove-member', { params: { ...group.at, userDomain: user.domain, user: user.id } })

const promote = (user: QualifiedUserId, role: string, as = group.alice) =>
  galley.as(as, 'update-member', {
    params: { ...group.at, userDomain: user.domain, user: user.id },
    body: { conversation_role: role },
  })

const replace = (users: readonly QualifiedUserId[], as = group.alice) =>
  galley.as(as, 'replace-members', { params: group.at, body: { qualified_users: [...users] } })

test('CNV-013: whoever is added, and everybody who was there, hears of it once, on every backend', async () => {
  const { alice, alex, bob, chad, id } = group
  const [amy, brad] = [friendOf(galley, alice), friendOf(galley, alice, B)]
  const answer = await add([amy, brad])
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(answer.body, {
    type: 'conversation.member-join',
    conversation: id,
    qualified_conversation: { domain: A, id },
    from: alice.id,
    qualified_from: alice,
    time: answer.body.time,
    data: {
      users: [amy, brad].map((user) => ({ qualified_id: user, id: user.id, conversation_role: 'wire_member' })),
      user_ids: [amy.id, brad.id],
      add_type: 'internal_add',
    },
  })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-join'), idsOf(alice, alex, amy))
  assert.deepEqual(
    queued.told.map(({ event, push }) => [event, push.origin]),
    queued.told.map(() => [answer.body, { user: alice.id, connection: '7' }]),
  )
  const update = {
    time: answer.body.time,
    origUserId: alice,
    convId: id,
    action: {
      tag: 'ConversationJoinTag',
      action: { users: [amy, brad], role: 'wire_member', join_type: 'internal_add' },
    },
    extraConversationData: null,
  }
  assert.deepEqual(updatesIn(queued), [
    [B, { ...update, alreadyPresentUsers: [bob.id, brad.id] }],
    [C, { ...update, alreadyPresentUsers: [chad.id] }],
  ])
  assert.deepEqual(
    await membersSeenBy(galley, alex, group),
    new Map([...asAdmins(alice), ...asMembers(alex, amy, bob, brad, chad)]),
  )
  assert.deepEqual(await add([amy, brad]), { outcome: 'unchanged' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-013: of those who are members already nothing is told', async () => {
  const amy = friendOf(galley, group.alice)
  const answer = await add([group.bob, amy, amy])
  assert.ok(answer.outcome === 'event')
  assert.deepEqual((answer.body.data as { user_ids: string[] }).user_ids, [amy.id])
})

test('CNV-013: older apps name users of this backend only', async () => {
  const amy = friendOf(galley, group.alice)
  const answer = await galley.as(
    group.alice,
    'add-members',
    { params: { conversation: group.id }, body: { users: [amy.id] } },
    { version: 1 },
  )
  assert.equal(answer.outcome, 'event')
  assert.ok((await membersSeenBy(galley, amy, group)).size === 5)
})

test('CNV-004: who is not connected on both sides cannot be added', async () => {
  const [dan, eve, dora] = [person(), person(), person(B)]
  for (const user of [dan, eve]) galley.parts.registers(user)
  galley.parts.connects(group.alice, eve, { own: 'accepted', back: 'blocked' })
  for (const user of [dan, eve, dora]) assert.deepEqual(await add([user]), { outcome: 'not-connected' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-014: who must be there when users of other backends are added', async () => {
  const { alice } = group
  const D = Domain.parse('d.example')
  const [dora, brad, chris, amy] = [D, B, C, A].map((domain) => friendOf(galley, alice, domain))
  assert.ok(dora && brad && chris && amy)
  galley.backends.plays(D, willing())
  galley.backends.plays(C, DOWN)
  const unreachable = { outcome: 'unreachable', body: { unreachable_backends: [C] } }
  assert.deepEqual(await add([dora]), unreachable)
  assert.equal((await add([brad])).outcome, 'event')
  assert.deepEqual(await add([chris]), unreachable)
  assert.equal((await add([amy])).outcome, 'event')
  galley.backends.plays(C, willing())
  assert.equal((await add([dora])).outcome, 'event')
})

test('CNV-014: all that are away are named, and older apps get an error object', async () => {
  const dora = friendOf(galley, group.alice, Domain.parse('e.example'))
  galley.backends.plays(B, DOWN)
  galley.backends.plays(C, DOWN)
  const answer = await add([dora])
  assert.ok(answer.outcome === 'unreachable')
  assert.deepEqual(new Set(answer.body.unreachable_backends), new Set([dora.domain, B, C]))
  assert.deepEqual(await add([dora], { version: 3 }), { outcome: 'unreachable-old' })
})

test('CNV-014: a backend that does not federate with one that takes part cannot come in', async () => {
  const D = Domain.parse('d.example')
  galley.backends.plays(D, willing([C]))
  const dora = friendOf(galley, group.alice, D)
  assert.deepEqual(await add([dora]), { outcome: 'non-federating', body: { non_federating_backends: [D, C] } })
})

test('CNV-014: whoever comes or goes while other backends are asked, the question is about those who are there', async () => {
  const { alice, bob } = group
  const D = Domain.parse('d.example')
  const dora = friendOf(galley, alice, D)
  const asked: string[][] = []
  galley.backends.plays(D, {
    rpcs: {
      'get-not-fully-connected-backends': async ({ domains }: { domains: string[] }) => {
        asked.push(domains)
        if (asked.length === 1) await remove(bob)
        return { non_connected_backends: [] }
      },
    },
  })
  assert.equal((await add([dora])).outcome, 'event')
  assert.deepEqual(asked, [[B, C], [C]])
})

test('CNV-017: who may not add', async () => {
  const { alice, alex } = group
  const amy = friendOf(galley, alice)
  galley.parts.connects(alex, amy)
  assert.deepEqual(await add([amy], { as: alex }), { outcome: 'action-denied' })
  assert.deepEqual(await add([amy], { as: friendOf(galley, alice) }), { outcome: 'not-found' })
  group = await startGroup(galley, { access: ['code'] })
  assert.deepEqual(await add([friendOf(galley, group.alice)]), { outcome: 'access-denied' })
})

test('CNV-005: a group grows to its limit and not beyond', async () => {
  await using small = await startTestGalley(undefined, { membersMax: 5, federatedProtocols: ['proteus'] })
  const { at, alice } = await startGroup(small)
  const [amy, ada] = [friendOf(small, alice), friendOf(small, alice)]
  const adding = async (user: QualifiedUserId) =>
    (await small.as(alice, 'add-members', { params: at, body: { qualified_users: [user] } })).outcome
  assert.equal(await adding(amy), 'event')
  assert.equal(await adding(ada), 'too-many-members')
})

test('FED-039: people elsewhere are not brought into conversations of a protocol that is not federated', async () => {
  await using mlsOnly = await startTestGalley(undefined, { membersMax: 500, federatedProtocols: ['mls'] })
  const alice = person()
  mlsOnly.parts.registers(alice)
  const [amy, bob] = [friendOf(mlsOnly, alice), friendOf(mlsOnly, alice, B)]
  mlsOnly.backends.plays(B, willing())
  const create = (users: QualifiedUserId[]) =>
    mlsOnly.as(alice, 'create-conversation', { body: { qualified_users: users } })
  assert.deepEqual(await create([bob]), { outcome: 'protocol-not-federated' })
  assert.deepEqual(await mlsOnly.queued(), { letters: [], told: [] })
  assert.deepEqual(mlsOnly.backends.calls, [])
  const none = await mlsOnly.as(alice, 'list-own-conversation-ids', { query: {} })
  assert.deepEqual(none.body.conversations, [alice.id])
  const made = await create([amy])
  assert.ok(made.outcome === 'created')
  const params = { domain: A, conversation: made.body.id }
  const added = await mlsOnly.as(alice, 'add-members', { params, body: { qualified_users: [bob] } })
  assert.deepEqual(added, { outcome: 'protocol-not-federated' })
})

test('CNV-019: who is removed hears of it like everybody else, and it needs no backend to be there', async () => {
  const { alice, alex, bob, chad, id } = group
  galley.backends.plays(B, DOWN)
  galley.backends.plays(C, DOWN)
  const answer = await remove(bob)
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(answer.body, {
    type: 'conversation.member-leave',
    conversation: id,
    qualified_conversation: { domain: A, id },
    from: alice.id,
    qualified_from: alice,
    time: answer.body.time,
    data: { reason: 'removed', qualified_user_ids: [bob], user_ids: [bob.id] },
  })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-leave'), idsOf(alice, alex))
  assert.deepEqual(
    updatesIn(queued).map(([domain, update]) => [domain, update.alreadyPresentUsers, update.action]),
    [
      [B, [bob.id], { tag: 'ConversationRemoveMembersTag', action: { targets: [bob], reason: 'removed' } }],
      [C, [chad.id], { tag: 'ConversationRemoveMembersTag', action: { targets: [bob], reason: 'removed' } }],
    ],
  )
  assert.deepEqual(await remove(bob), { outcome: 'unchanged' })
  const removed = await remove(alex)
  assert.equal(removed.outcome, 'event')
  assert.deepEqual(whoHeard((await galley.queued()).told, 'conversation.member-leave'), idsOf(alice, alex))
  assert.deepEqual(await galley.as(alex, 'get-conversation', { params: group.at }), { outcome: 'access-denied' })
})

test('CNV-020: who leaves is gone, and cannot leave again', async () => {
  const { alice, alex, bob, chad } = group
  const answer = await remove(alex, alex)
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(answer.body.qualified_from, alex)
  assert.deepEqual(answer.body.data, { reason: 'left', qualified_user_ids: [alex], user_ids: [alex.id] })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-leave'), idsOf(alice, alex))
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, origUserId, alreadyPresentUsers: present }]) => [
      domain,
      action.tag,
      origUserId,
      present,
    ]),
    [
      [B, 'ConversationLeaveTag', alex, [bob.id]],
      [C, 'ConversationLeaveTag', alex, [chad.id]],
    ],
  )
  assert.deepEqual(await remove(alex, alex), { outcome: 'not-found' })
})

test('CNV-023: who may not remove, and where nobody can', async () => {
  const { alice, alex, bob } = group
  assert.deepEqual(await remove(bob, alex), { outcome: 'action-denied' })
  assert.deepEqual(await remove(bob, friendOf(galley, alice)), { outcome: 'not-found' })
  const oneToOne = person().id
  await galley.align({
    self: alice.id,
    other: alex,
    conversation: { domain: A, id: oneToOne as never },
    selfIn: true,
    otherIn: true,
    kind: 'one2one',
    actor: 'self',
  })
  const params = { domain: A, conversation: oneToOne, userDomain: A }
  for (const user of [alex.id, alice.id]) {
    assert.deepEqual(await galley.as(alice, 'remove-member', { params: { ...params, user } }), {
      outcome: 'invalid-op',
    })
  }
})

test('CNV-048: nobody is added to the conversation with oneself, nor leaves it', async () => {
  const { alice, alex } = group
  const params = { domain: A, conversation: alice.id }
  const added = await galley.as(alice, 'add-members', { params, body: { qualified_users: [alex] } })
  assert.deepEqual(added, { outcome: 'invalid-op' })
  const left = await galley.as(alice, 'remove-member', { params: { ...params, userDomain: A, user: alice.id } })
  assert.deepEqual(left, { outcome: 'invalid-op' })
  const removed = await galley.as(alex, 'remove-member', { params: { ...params, userDomain: A, user: alice.id } })
  assert.deepEqual(removed, { outcome: 'not-found' })
})

test('CNV-024: a role is given to another, and everybody hears of it', async () => {
  const { alice, alex, bob, chad } = group
  galley.backends.plays(B, DOWN)
  assert.deepEqual(await promote(bob, 'wire_admin'), { outcome: 'done' })
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-update'), idsOf(alice, alex))
  assert.deepEqual(queued.told[0]?.event['data'], {
    qualified_target: bob,
    target: bob.id,
    conversation_role: 'wire_admin',
  })
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, alreadyPresentUsers: present }]) => [domain, action, present]),
    [B, C].map((domain) => [
      domain,
      {
        tag: 'ConversationMemberUpdateTag',
        action: { target: bob, update: { conversation_role: 'wire_admin' } },
      },
      [domain === B ? bob.id : chad.id],
    ]),
  )
  assert.deepEqual(
    await membersSeenBy(galley, alex, group),
    new Map([...asAdmins(alice, bob), ...asMembers(alex, chad)]),
  )
})

test('CNV-024: which roles cannot be given', async () => {
  const { alice, alex, bob } = group
  assert.deepEqual(await promote(alice, 'wire_member'), { outcome: 'invalid-op' })
  assert.deepEqual(await promote(friendOf(galley, alice), 'wire_member'), { outcome: 'member-not-found' })
  assert.deepEqual(await promote(bob, 'wire_admin', alex), { outcome: 'action-denied' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-047: the members are replaced by others, besides who does it', async () => {
  const { alice, alex } = group
  for (const user of [group.bob, group.chad]) await remove(user)
  await galley.queued()
  const dylan = friendOf(galley, alice)
  assert.deepEqual(await replace([alex]), { outcome: 'done' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  assert.deepEqual(await replace([dylan]), { outcome: 'done' })
  assert.deepEqual(await membersSeenBy(galley, alice, group), new Map(asAdmins(alice, dylan)))
  const { told } = await galley.queued()
  assert.deepEqual(whoHeard(told, 'conversation.member-join'), idsOf(alice, alex, dylan))
  assert.deepEqual(whoHeard(told, 'conversation.member-leave'), idsOf(alice, alex, dylan))
  assert.deepEqual(await replace([dylan]), { outcome: 'done' })
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
})

test('CNV-047: who may not replace members, and where', async () => {
  const { alex } = group
  assert.deepEqual(await replace([alex], alex), { outcome: 'action-denied' })
  const body = { qualified_users: [alex] }
  const unknown = { domain: A, conversation: person().id }
  assert.deepEqual(await galley.as(alex, 'replace-members', { params: unknown, body }), { outcome: 'not-found' })
  const elsewhere = { domain: B, conversation: person().id }
  const remote = await galley.as(alex, 'replace-members', { params: elsewhere, body })
  assert.deepEqual(remote, { outcome: 'not-implemented' })
})
