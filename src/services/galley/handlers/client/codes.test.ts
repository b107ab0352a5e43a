import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { type QualifiedUserId, TeamId } from '#src/contract/ids.ts'
import { A, person, startTestGalley, type TestGalley, type TestOptions } from '../../testing.ts'
import { idsOf, membersSeenBy, nameOf, startGroup, type TestGroup, updatesIn, whoHeard } from '../../testing-groups.ts'

let galley: TestGalley
before(async () => {
  galley = await startTestGalley()
})
after(() => galley[Symbol.asyncDispose]())

const OPEN = { access: ['invite', 'code'], access_role: ['team_member', 'non_team_member', 'guest', 'service'] }

let group: TestGroup
beforeEach(async () => {
  group = await startGroup(galley, OPEN)
})

const make = (user = group.alice, { password, headers }: { password?: string } & TestOptions = {}) =>
  galley.as(
    user,
    'create-code',
    { params: { conversation: group.id }, body: password === undefined ? {} : { password } },
    { ...(headers && { headers }) },
  )

const made = async (password?: string) => {
  const answer = await make(group.alice, password === undefined ? {} : { password })
  assert.ok(answer.outcome === 'created', answer.outcome)
  return answer.body.data as { key: string; code: string; uri: string; has_password: boolean }
}

const get = (user: QualifiedUserId) => galley.as(user, 'get-code', { params: { conversation: group.id } })
const remove = (user: QualifiedUserId) => galley.as(user, 'delete-code', { params: { conversation: group.id } })

const join = (user: QualifiedUserId, { key, code }: { key: string; code: string }, password?: string) =>
  galley.as(user, 'join-by-code', { body: { key, code, ...(password !== undefined && { password }) } })

const guest = (isVerified = true): QualifiedUserId => {
  const user = person()
  galley.parts.registers(user, { isVerified })
  return user
}

test('CNV-041: a code is made once, seen by members and taken away', async () => {
  const { alice, alex } = group
  const answer = await make()
  assert.ok(answer.outcome === 'created', answer.outcome)
  assert.equal(answer.body.type, 'conversation.code-update')
  const code = answer.body.data as { key: string; code: string; uri: string }
  assert.match(code.key, /^[A-Za-z0-9_-]{20}$/)
  assert.match(code.code, /^[A-Za-z0-9_-]{20}$/)
  assert.deepEqual(code, {
    key: code.key,
    code: code.code,
    uri: `https://a.example/conversation-join/?key=${code.key}&code=${code.code}`,
    has_password: false,
  })
  const made = await galley.queued()
  assert.deepEqual(whoHeard(made.told, 'conversation.code-update'), idsOf(alice, alex))
  assert.deepEqual(made.letters, [])
  assert.deepEqual(await make(), { outcome: 'existed', body: code })
  assert.deepEqual(await get(alex), { outcome: 'found', body: code })
  const deleted = await remove(alice)
  assert.ok(deleted.outcome === 'deleted', deleted.outcome)
  assert.deepEqual([deleted.body.type, deleted.body.data], ['conversation.code-delete', null])
  assert.deepEqual(whoHeard((await galley.queued()).told, 'conversation.code-delete'), idsOf(alice, alex))
  assert.deepEqual(await get(alex), { outcome: 'no-code' })
  assert.deepEqual(await remove(alice), { outcome: 'no-code' })
})

test('CNV-042: who may have a code, and where', async () => {
  const { alice, alex } = group
  assert.deepEqual(await make(alex), { outcome: 'access-denied' })
  assert.deepEqual(await make(guest()), { outcome: 'not-found' })
  assert.deepEqual(await get(guest()), { outcome: 'not-found' })
  group = await startGroup(galley)
  assert.deepEqual(await make(), { outcome: 'access-denied' })
  group = await startGroup(galley, { access: ['code'], access_role: ['team_member', 'non_team_member'] })
  assert.equal((await make()).outcome, 'created')
  const params = { domain: A, conversation: group.id }
  await galley.as(group.alice, 'set-access', { params, body: { access: ['invite'], access_role: ['non_team_member'] } })
  await galley.as(group.alice, 'set-access', { params, body: { access: ['code'], access_role: ['non_team_member'] } })
  assert.deepEqual(await get(group.alice), { outcome: 'no-code' })
  assert.notDeepEqual(alice, group.alice)
})

test('CNV-042: a team may have no links to its conversations', async () => {
  const team = TeamId.parse(person().id)
  const [alice, tom] = [person(), person()]
  for (const user of [alice, tom]) galley.parts.registers(user, { team })
  const created = await galley.as(alice, 'create-conversation', {
    body: { qualified_users: [tom], team: { teamid: team }, ...OPEN } as never,
  })
  assert.ok(created.outcome === 'created', created.outcome)
  const params = { conversation: created.body.id }
  const feature = async () => {
    const answer = await galley.as(tom, 'get-guest-links-feature', { params })
    return answer.outcome === 'found' ? answer.body.status : answer.outcome
  }
  assert.equal(await feature(), 'enabled')
  const answer = await galley.as(alice, 'create-code', { params, body: {} })
  assert.ok(answer.outcome === 'created')
  const { key, code } = answer.body.data as { key: string; code: string }
  galley.parts.teamsWithoutLinks.add(team)
  assert.equal(await feature(), 'disabled')
  assert.deepEqual(await galley.as(alice, 'create-code', { params, body: {} }), { outcome: 'links-disabled' })
  assert.deepEqual(await join(guest(), { key, code }), { outcome: 'links-disabled' })
  assert.deepEqual(await galley.as(guest(), 'get-guest-links-feature', { params }), { outcome: 'access-denied' })
})

test('CNV-043: whoever has the code sees what the group is called, and joins once', async () => {
  const { alice, alex, bob, chad, id } = group
  const code = await made()
  await galley.queued()
  const gus = guest()
  const query = { key: code.key, code: code.code }
  assert.deepEqual(await galley.as(gus, 'see-cover', { query }), {
    outcome: 'cover',
    body: { id, name: 'before', has_password: false },
  })
  assert.deepEqual(await galley.as(gus, 'check-code', { body: query }), { outcome: 'good' })
  const answer = await join(gus, code)
  assert.ok(answer.outcome === 'event', answer.outcome)
  assert.deepEqual(
    [answer.body.type, answer.body.qualified_from, answer.body.data],
    [
      'conversation.member-join',
      gus,
      {
        users: [{ qualified_id: gus, id: gus.id, conversation_role: 'wire_member' }],
        user_ids: [gus.id],
        add_type: 'external_add',
      },
    ],
  )
  const queued = await galley.queued()
  assert.deepEqual(whoHeard(queued.told, 'conversation.member-join'), idsOf(alice, alex, gus))
  assert.deepEqual(
    updatesIn(queued).map(([, { alreadyPresentUsers: present }]) => present),
    [[bob.id], [chad.id]],
  )
  assert.equal((await membersSeenBy(galley, alice, group)).get(nameOf(gus)), 'wire_member')
  assert.deepEqual(await join(gus, code), { outcome: 'unchanged' })
})

test('CNV-043: a wrong code, and one that has expired, are none', async () => {
  const code = await made()
  const wrong = { key: code.key, code: `${code.code.slice(0, -1)}${code.code.endsWith('A') ? 'B' : 'A'}` }
  assert.deepEqual(await join(guest(), wrong), { outcome: 'no-code' })
  assert.deepEqual(await join(guest(), { key: 'nothing', code: code.code }), { outcome: 'no-code' })
  assert.deepEqual(await galley.as(guest(), 'see-cover', { query: wrong }), { outcome: 'no-code' })
  assert.deepEqual(await galley.as(guest(), 'check-code', { body: wrong }), { outcome: 'no-code' })
  await sql`update galley.guest_codes set expires_at = '2000-01-01' where conversation = ${group.id}`.execute(galley.db)
  assert.deepEqual(await join(guest(), code), { outcome: 'no-code' })
  assert.equal((await make()).outcome, 'created')
})

test('CNV-043: a code with a password needs it', async () => {
  const code = await made('correct horse')
  assert.equal(code.has_password, true)
  const gus = guest()
  const { key } = code
  assert.deepEqual(await join(gus, code), { outcome: 'wrong-password' })
  assert.deepEqual(await join(gus, code, 'wrong horse'), { outcome: 'wrong-password' })
  const check = { key, code: code.code, password: 'wrong horse' }
  assert.deepEqual(await galley.as(gus, 'check-code', { body: check }), { outcome: 'wrong-password' })
  assert.equal((await join(gus, code, 'correct horse')).outcome, 'event')
  assert.deepEqual(await make(), { outcome: 'conflict' })
  assert.deepEqual(await make(group.alice, { password: 'another one' }), { outcome: 'conflict' })
})

test('CNV-046: a guest joins where guests may be', async () => {
  assert.equal((await join(guest(false), await made())).outcome, 'event')
  group = await startGroup(galley, { access: ['code'], access_role: ['team_member', 'non_team_member'] })
  const code = await made()
  assert.deepEqual(await join(guest(false), code), { outcome: 'access-denied' })
  assert.equal((await join(guest(), code)).outcome, 'event')
})

test('a group that is open to whoever knows it is joined by its id, any other is not', async () => {
  const joinById = (user: QualifiedUserId) => galley.as(user, 'join-by-id', { params: { conversation: group.id } })
  assert.deepEqual(await joinById(guest()), { outcome: 'access-denied' })
  group = await startGroup(galley, { ...OPEN, access: ['link'] })
  assert.equal((await joinById(guest())).outcome, 'event')
  assert.deepEqual(await joinById(group.alex), { outcome: 'unchanged' })
  const params = { conversation: person().id }
  assert.deepEqual(await galley.as(guest(), 'join-by-id', { params }), { outcome: 'not-found' })
})

test('CNV-056: links begin as an operator says for the host that was used', async () => {
  await using special = await startTestGalley(undefined, {
    guestLinks: { enabled: true, perHost: [{ host: 'red.example.com', uri: 'https://red.example.com/join?x=1' }] },
  })
  const { alice, id } = await startGroup(special, OPEN)
  const params = { conversation: id }
  const red = { headers: { 'z-host': 'red.example.com' } }
  assert.equal((await special.as(alice, 'create-code', { params, body: {} }, red)).outcome, 'created')
  const found = await special.as(alice, 'get-code', { params }, red)
  assert.ok(found.outcome === 'found', found.outcome)
  const { key, code } = found.body
  assert.equal(found.body.uri, `https://red.example.com/join?x=1&key=${key}&code=${code}`)
  const blue = await special.as(alice, 'get-code', { params }, { headers: { 'z-host': 'blue.example.com' } })
  assert.deepEqual(blue, { outcome: 'access-denied' })
  assert.deepEqual(await special.as(alice, 'get-code', { params }), { outcome: 'access-denied' })
})
