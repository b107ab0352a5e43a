import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ConversationId } from '#src/contract/ids.ts'
import { A, B, C, person, startTestGalley, type TestGalley } from '../../testing.ts'
import { DOWN, friendOf, idsOf, startGroup, type TestGroup, updatesIn, whoHeard } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley)
})

const ALL_ROLES = ['team_member', 'non_team_member', 'guest', 'service'] as const

const rename = (name: string, as = group.alice, params: object = group.at) =>
  galley.as(as, 'rename-conversation', { params: params as TestGroup['at'], body: { name } })

const setTimer = (timer: number | null, as = group.alice) =>
  galley.as(as, 'set-message-timer', { params: group.at, body: { message_timer: timer } })

const setReceiptMode = (mode: number, as = group.alice) =>
  galley.as(as, 'set-receipt-mode', { params: group.at, body: { receipt_mode: mode } })

const setAccess = (access: readonly string[], roles: readonly string[] = ALL_ROLES, as = group.alice) =>
  galley.as(as, 'set-access', {
    params: group.at,
    body: { access: [...access] as never, access_role: [...roles] as never },
  })

/** A conversation of alice and alex alone. */
const oneToOne = async (): Promise<{ domain: typeof A; conversation: ConversationId }> => {
  const conversation = { domain: A, id: ConversationId.parse(person().id) }
  const { alice, alex } = group
  await galley.align({
    self: alice.id,
    other: alex,
    conversation,
    selfIn: true,
    otherIn: true,
    kind: 'one2one',
    actor: 'self',
  })
  await galley.queued()
  return { domain: A, conversation: conversation.id }
}

/** That everybody, on every backend, was told of it once. */
const allHeard = async (type: string, action: object): Promise<void> => {
  const { alice, alex, bob, chad } = group
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, type), idsOf(alice, alex))
  assert.deepEqual(
    updatesIn(queued).map(([domain, update]) => [domain, update.origUserId, update.alreadyPresentUsers, update.action]),
    [
      [B, alice, [bob.id], action],
      [C, alice, [chad.id], action],
    ],
  )
}

test('CNV-026: a new name is told to all, and no backend has to be there for that', async () => {
  galley.backends.plays(B, DOWN)
  const answer = await rename('after')
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual([answer.body.type, answer.body.data], ['conversation.rename', { name: 'after' }])
  await allHeard('conversation.rename', { tag: 'ConversationRenameTag', action: { name: 'after' } })
  const read = await galley.as(group.alex, 'get-conversation', { params: group.at })
  assert.ok(read.outcome === 'found')
  assert.equal(read.body.name, 'after')
})

test('CNV-026: the same name again is told again', async () => {
  await rename('before')
  await allHeard('conversation.rename', { tag: 'ConversationRenameTag', action: { name: 'before' } })
})

test('CNV-026: a conversation of two can have a name, a name has an end, and older apps use other paths', async () => {
  assert.equal((await rename('us', group.alice, await oneToOne())).outcome, 'event')
  await assert.rejects(rename('x'.repeat(257)), /400/)
  assert.equal((await rename('old', group.alice, { conversation: group.id })).outcome, 'event')
})

test('CNV-026: events of one conversation have later and later times', async () => {
  const times: string[] = []
  for (const name of ['one', 'two', 'three']) {
    const answer = await rename(name)
    assert.ok(answer.outcome === 'event')
    times.push(answer.body.time)
  }
  assert.deepEqual(
    times,
    [...new Set(times)].toSorted((one, other) => (one < other ? -1 : 1)),
  )
})

test('CNV-027: the message timer is set once, and taken away', async () => {
  const answer = await setTimer(1000)
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual([answer.body.type, answer.body.data], ['conversation.message-timer-update', { message_timer: 1000 }])
  await allHeard('conversation.message-timer-update', {
    tag: 'ConversationMessageTimerUpdateTag',
    action: { message_timer: 1000 },
  })
  assert.deepEqual(await setTimer(1000), { outcome: 'unchanged' })
  assert.equal((await setTimer(null)).outcome, 'event')
  const params = await oneToOne()
  const ofTwo = await galley.as(group.alice, 'set-message-timer', { params, body: { message_timer: 1 } })
  assert.deepEqual(ofTwo, { outcome: 'invalid-op' })
})

test('reading is confirmed once it was said so', async () => {
  const answer = await setReceiptMode(1)
  assert.ok(answer.outcome === 'event', answer.outcome)
  await allHeard('conversation.receipt-mode-update', {
    tag: 'ConversationReceiptModeUpdateTag',
    action: { receipt_mode: 1 },
  })
  assert.deepEqual(await setReceiptMode(1), { outcome: 'unchanged' })
})

test('CNV-025: a member may only leave', async () => {
  const { alex, bob, at } = group
  const amy = friendOf(galley, alex)
  const denied = { outcome: 'action-denied' }
  assert.deepEqual(await rename('no', alex), denied)
  assert.deepEqual(await setTimer(1, alex), denied)
  assert.deepEqual(await setReceiptMode(1, alex), denied)
  assert.deepEqual(await setAccess(['code'], ALL_ROLES, alex), denied)
  const added = await galley.as(alex, 'add-members', { params: at, body: { qualified_users: [amy] } })
  assert.deepEqual(added, denied)
  const member = { ...at, userDomain: B, user: bob.id }
  assert.deepEqual(await galley.as(alex, 'remove-member', { params: member }), denied)
  const body = { conversation_role: 'wire_admin' }
  assert.deepEqual(await galley.as(alex, 'update-member', { params: member, body }), denied)
  assert.deepEqual(await galley.queued(), { letters: [], told: [] })
  const left = await galley.as(alex, 'remove-member', { params: { ...at, userDomain: A, user: alex.id } })
  assert.equal(left.outcome, 'event')
})

test('to strangers a conversation is one that does not exist', async () => {
  const mallory = person()
  galley.parts.registers(mallory)
  assert.deepEqual(await rename('mine', mallory), { outcome: 'not-found' })
  assert.deepEqual(await rename('mine', mallory, await oneToOne()), { outcome: 'not-found' })
  const unknown = { domain: A, conversation: person().id }
  assert.deepEqual(await rename('mine', group.alice, unknown), { outcome: 'not-found' })
})

test('CNV-031: who may come in is told to all', async () => {
  const answer = await setAccess(['code'])
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(
    [answer.body.type, answer.body.data],
    ['conversation.access-update', { access: ['code'], access_role: 'non_activated', access_role_v2: [...ALL_ROLES] }],
  )
  await allHeard('conversation.access-update', {
    tag: 'ConversationAccessDataTag',
    action: { access: ['code'], access_role: [...ALL_ROLES] },
  })
  assert.deepEqual(await setAccess(['code'], ALL_ROLES.toReversed()), { outcome: 'unchanged' })
})

test('which access no group can have', async () => {
  assert.deepEqual(await setAccess(['private']), { outcome: 'invalid-op' })
  assert.deepEqual(await setAccess(['invite'], []), { outcome: 'invalid-op' })
  assert.deepEqual(await setAccess(['invite'], ['team_member']), { outcome: 'invalid-op' })
})

test('CNV-034: older apps name the access role, and the list beside it wins', async () => {
  const set = (body: object) =>
    galley.as(group.alice, 'set-access', { params: { conversation: group.id }, body: body as never }, { version: 2 })
  const named = await set({ access: ['code'], access_role: 'non_activated' })
  assert.ok(named.outcome === 'event')
  assert.deepEqual((named.body.data as { access_role_v2: unknown }).access_role_v2, [...ALL_ROLES])
  const listed = await set({
    access: ['code'],
    access_role: 'activated',
    access_role_v2: ['team_member', 'non_team_member', 'guest'],
  })
  assert.ok(listed.outcome === 'event')
  const read = async (version: number) => {
    const answer = await galley.as(group.alex, 'get-conversation', { params: group.at }, { version })
    return 'body' in answer ? answer.body : undefined
  }
  const list = ['team_member', 'non_team_member', 'guest']
  const old = await read(2)
  assert.ok(old && 'access_role_v2' in old)
  assert.deepEqual([old.access_role, old.access_role_v2], ['non_activated', list])
  assert.deepEqual((await read(3))?.access_role, list)
})

test('CNV-030: who no longer qualifies has to go, and is told like everybody else', async () => {
  const { alice, alex, bob, chad } = group
  const guest = person()
  galley.parts.registers(guest, { isVerified: false })
  galley.parts.connects(alice, guest)
  await setAccess(['invite'], ALL_ROLES)
  const added = await galley.as(alice, 'add-members', { params: group.at, body: { qualified_users: [guest] } })
  assert.equal(added.outcome, 'event')
  await galley.queued()
  galley.backends.plays(B, DOWN)
  const answer = await setAccess(['invite'], ['team_member', 'non_team_member', 'service'])
  assert.ok(answer.outcome === 'event', answer.outcome)
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.access-update'), idsOf(alice, alex, guest))
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-leave'), idsOf(alice, alex, guest))
  const leave = queued.told.find(({ event }) => event['type'] === 'conversation.member-leave')?.event
  assert.deepEqual(
    [leave?.['qualified_from'], leave?.['data']],
    [alice, { reason: 'removed', qualified_user_ids: [guest], user_ids: [guest.id] }],
  )
  // Stock clients drop what is not later than what they have seen.
  assert.ok(String(leave?.['time']) > String(answer.body.time))
  assert.deepEqual(
    updatesIn(queued).map(([domain, { action, alreadyPresentUsers: present }]) => [domain, action.tag, present]),
    [
      [B, 'ConversationAccessDataTag', [bob.id]],
      [B, 'ConversationRemoveMembersTag', [bob.id]],
      [C, 'ConversationAccessDataTag', [chad.id]],
      [C, 'ConversationRemoveMembersTag', [chad.id]],
    ],
  )
  assert.deepEqual(await galley.as(guest, 'get-conversation', { params: group.at }), { outcome: 'access-denied' })
})

test('FED-040: what only members of the owning backend can change, nobody is asked for', async () => {
  const { alice, alex } = group
  const at = { domain: B, conversation: group.id }
  galley.backends.plays(B, { rpcs: {} })
  const answers = [
    await galley.as(alice, 'add-members', { params: at, body: { qualified_users: [alex] } }),
    await galley.as(alice, 'replace-members', { params: at, body: { qualified_users: [alex] } }),
    await rename('no', alice, at),
    await galley.as(alice, 'set-message-timer', { params: at, body: {} }),
    await galley.as(alice, 'set-access', { params: at, body: { access: ['code'], access_role: [...ALL_ROLES] } }),
    await galley.as(alice, 'update-member', {
      params: { ...at, userDomain: A, user: alex.id },
      body: { conversation_role: 'wire_admin' },
    }),
  ]
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    answers.map(() => 'not-implemented'),
  )
  assert.deepEqual(galley.backends.calls, [])
})

test('CNV-057: what changes is told in the forms of all versions', async () => {
  await rename('after')
  const { letters } = await galley.queued()
  assert.deepEqual(
    letters.map(({ entries }) => entries.map(({ bodyVersions }) => bodyVersions)),
    [B, C].map(() => [{ from: 1 }, { from: 0, until_excl: 1 }]),
  )
  const old = JSON.parse(letters[0]?.entries[1]?.body ?? 'null') as { cuAction: unknown; cuConvId: unknown }
  assert.deepEqual(
    [old.cuConvId, old.cuAction],
    [group.id, { tag: 'ConversationRenameTag', action: { name: 'after' } }],
  )
})
