import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TeamId, UserId } from '#src/contract/ids.ts'
import type { TeamRole } from '#src/contract/teams.ts'
import { INVITATION_SECONDS } from './limits.ts'
import {
  callInternal,
  callPublic,
  CODE,
  foundTeam,
  joinTeam,
  PASSWORD,
  type Person,
  registerPerson,
  startTestBrig,
  type TestBrig,
} from './testing.ts'

let brig: TestBrig
before(async () => {
  brig = await startTestBrig()
})
after(() => brig[Symbol.asyncDispose]())

const register = (body: Record<string, unknown>) =>
  callPublic(brig, { path: '/register', body: { name: 'Somebody', password: PASSWORD, ...body } })

const invite = async (inviter: Person, team: TeamId, email: string, role: TeamRole = 'member') => {
  const invited = await inviter.calls('invite-to-team', { params: { team }, body: { email, role } })
  if (invited.outcome !== 'invited') throw new Error(invited.outcome)
  return invited.body
}

const codeOf = async (team: TeamId, invitation: string) => {
  const found = await callInternal(brig, 'get-invitation-code', { query: { team, invitation_id: invitation } })
  return found.outcome === 'found' ? found.body.code : undefined
}

test('who registers with a team owns it, and clients see it in the profile', async () => {
  const { owner, team } = await foundTeam(brig, 'Umbrella')
  const self = await owner.calls('get-self', {})
  assert.equal(self.outcome === 'found' && self.body.team, team)
  const found = await owner.calls('get-team', { params: { team } })
  assert.deepEqual(found.outcome === 'found' && found.body, {
    id: team,
    creator: owner.id,
    name: 'Umbrella',
    icon: 'default',
    binding: true,
  })
  const listed = await owner.calls('list-teams', {})
  assert.deepEqual(listed.body.teams, found.outcome === 'found' && [found.body])
  const member = await owner.calls('get-team-member', { params: { team, user: owner.id } })
  assert.deepEqual(member.outcome === 'found' && member.body.permissions, { self: 8191, copy: 8191 })
})

test('whoever follows an invitation is a member at once, without another code, and all are told', async () => {
  const { owner, team } = await foundTeam(brig)
  const { id } = await invite(owner, team, 'mary@a.example', 'admin')
  const code = await codeOf(team, id)
  const info = await callPublic(brig, { method: 'GET', path: '/teams/invitations/info', query: { code: code ?? '' } })
  assert.equal(info.body['email'], 'mary@a.example')
  await brig.told()
  const mary = await register({ email: 'Mary@a.example', team_code: code })
  assert.deepEqual([mary.status, mary.body['team']], [201, team])
  const told = await brig.events()
  assert.deepEqual(
    told.map(({ users, event }) => [users.toSorted(), event.type, event['team'], event['data']]),
    [[[owner.id, String(mary.body['id'])].toSorted(), 'team.member-join', team, { user: mary.body['id'] }]],
  )
  const again = await register({ email: 'mary2@a.example', team_code: code })
  assert.deepEqual([again.status, again.body['label']], [400, 'invalid-invitation-code'])
  assert.equal(await codeOf(team, id), undefined)
})

test('an invitation is good for its address only, and not for ever', async () => {
  const own = await startTestBrig()
  await using _own = own
  const { owner, team } = await foundTeam(own)
  const invited = await owner.calls('invite-to-team', { params: { team }, body: { email: 'x@a.example' } })
  assert.ok(invited.outcome === 'invited')
  const found = await callInternal(own, 'get-invitation-code', { query: { team, invitation_id: invited.body.id } })
  assert.ok(found.outcome === 'found')
  const follow = (email?: string) =>
    callPublic(own, { path: '/register', body: { name: 'X', team_code: found.body.code, ...(email && { email }) } })
  assert.equal((await follow('y@a.example')).body['label'], 'invalid-invitation-code')
  assert.equal((await follow()).body['label'], 'missing-identity')
  await own.clock.advance(INVITATION_SECONDS * 1000 + 1)
  assert.equal((await follow('x@a.example')).body['label'], 'invalid-invitation-code')
})

const tries: readonly (readonly [TeamRole, TeamRole, boolean])[] = [
  ['owner', 'owner', true],
  ['admin', 'owner', false],
  ['admin', 'admin', true],
  ['member', 'partner', false],
  ['partner', 'partner', false],
]
for (const [inviter, role, isAllowed] of tries) {
  test(`${inviter} ${isAllowed ? 'may' : 'may not'} invite somebody as ${role}`, async () => {
    const { owner, team } = await foundTeam(brig)
    const person = inviter === 'owner' ? owner : await joinTeam(brig, team, inviter)
    const body = { email: `${inviter}-${role}@elsewhere.example`, role }
    const answer = await person.calls('invite-to-team', { params: { team }, body })
    assert.equal(answer.outcome, isAllowed ? 'invited' : 'insufficient-permissions')
  })
}

test('a new invitation of the same address replaces the old one; one that is taken back is gone', async () => {
  const { owner, team } = await foundTeam(brig)
  const first = await invite(owner, team, 'twice@a.example')
  const second = await invite(owner, team, 'TWICE@a.example')
  assert.equal(await codeOf(team, first.id), undefined)
  const listed = await owner.calls('list-team-invitations', { params: { team }, query: {} })
  assert.deepEqual(listed.outcome === 'page' && listed.body.invitations.map(({ id }) => id), [second.id])
  await owner.calls('revoke-team-invitation', { params: { team, invitation: second.id } })
  assert.equal(await codeOf(team, second.id), undefined)
})

test('members see each other page by page; partners do not see what the others may', async () => {
  const { owner, team } = await foundTeam(brig)
  const partner = await joinTeam(brig, team, 'partner')
  const member = await joinTeam(brig, team, 'member')
  const first = await owner.calls('list-team-members', { params: { team }, query: { maxResults: 2 } })
  assert.ok(first.outcome === 'page')
  const rest = await owner.calls('list-team-members', {
    params: { team },
    query: { maxResults: 2, pagingState: first.body.pagingState },
  })
  assert.ok(rest.outcome === 'page')
  assert.deepEqual([first.body.hasMore, rest.body.hasMore], [true, false])
  assert.deepEqual(
    [...first.body.members, ...rest.body.members].map(({ user }) => user).toSorted(),
    [owner.id, partner.id, member.id].toSorted(),
  )
  const seen = await partner.calls('get-team-member', { params: { team, user: owner.id } })
  assert.deepEqual(seen.outcome === 'found' && seen.body, { user: owner.id, legalhold_status: 'disabled' })
  const self = await partner.calls('get-team-member', { params: { team, user: partner.id } })
  assert.deepEqual(self.outcome === 'found' && self.body.permissions, { self: 1025, copy: 1025 })
})

test('strangers learn nothing about a team', async () => {
  const { owner, team } = await foundTeam(brig)
  const stranger = await registerPerson(brig, 'stranger')
  assert.equal((await stranger.calls('get-team', { params: { team } })).outcome, 'no-team')
  assert.equal((await stranger.calls('list-team-members', { params: { team }, query: {} })).outcome, 'no-team-member')
  const member = await stranger.calls('get-team-member', { params: { team, user: owner.id } })
  assert.equal(member.outcome, 'no-team-member')
  const invitations = await stranger.calls('list-team-invitations', { params: { team }, query: {} })
  assert.equal(invitations.outcome, 'insufficient-permissions')
})

test('our own parts learn team, role and status of users, and what a team has decided', async () => {
  const { owner, team } = await foundTeam(brig)
  const guest = await registerPerson(brig, 'guest', null)
  const found = await callInternal(brig, 'get-users', { body: { users: [owner.id, guest.id] } })
  assert.deepEqual(
    found.body
      .map(({ id, team: of, team_role: role, status, is_verified }) => ({ id, of, role, status, is_verified }))
      .toSorted((a, b) => a.status.localeCompare(b.status)),
    [
      { id: owner.id, of: team, role: 'owner', status: 'active', is_verified: true },
      { id: guest.id, of: undefined, role: null, status: 'ephemeral', is_verified: false },
    ],
  )
  await callInternal(brig, 'set-guest-links', { params: { team }, body: { status: 'disabled' } })
  await callInternal(brig, 'set-search-visibility-inbound', { params: { team }, body: { status: 'enabled' } })
  const visibility = { search_visibility: 'no-name-outside-team' as const }
  await callInternal(brig, 'set-search-visibility', { params: { team }, body: visibility })
  const settings = await callInternal(brig, 'get-team-settings', { params: { team } })
  assert.deepEqual(settings.outcome === 'found' && settings.body, {
    id: team,
    name: 'Team',
    creator: owner.id,
    searchVisibilityInbound: 'enabled',
    searchVisibility: 'no-name-outside-team',
    conversationGuestLinks: 'disabled',
  })
  const members = await callInternal(brig, 'list-members-of-team', { params: { team } })
  assert.deepEqual(members.body.members, [{ user: owner.id, role: 'owner' }])
  const nowhere = TeamId.parse('00000000-0000-4000-8000-00000000beef')
  const unknown = await callInternal(brig, 'set-guest-links', {
    params: { team: nowhere },
    body: { status: 'enabled' },
  })
  assert.equal(unknown.outcome, 'no-team')
})

test('nobody is added who is in a team already, is a guest or does not exist', async () => {
  const { owner, team } = await foundTeam(brig)
  const guest = await registerPerson(brig, 'guest', null)
  for (const user of [owner.id, guest.id, UserId.parse('00000000-0000-4000-8000-00000000beef')]) {
    const answer = await callInternal(brig, 'add-team-member', { params: { team }, body: { user } })
    assert.equal(answer.outcome, 'invalid-user')
  }
})

test('USR-021: only those who manage a team hide its members from search', async () => {
  const { owner, team } = await foundTeam(brig)
  const tom = await joinTeam(brig, team, 'member')
  const hide = { params: { user: tom.id }, body: { set_searchable: false } }
  assert.equal((await tom.calls('set-searchable', hide)).outcome, 'insufficient-permissions')
  const stranger = await foundTeam(brig)
  assert.equal((await stranger.owner.calls('set-searchable', hide)).outcome, 'insufficient-permissions')
  assert.equal((await owner.calls('set-searchable', hide)).outcome, 'set')
  const profile = await owner.calls('get-user', { params: { domain: brig.domain, user: tom.id } })
  assert.equal(profile.outcome === 'found' && profile.body.searchable, false)
})

test('a team is founded with an address only, and one wish at a time', async () => {
  const team = { name: 'T', icon: 'default' }
  assert.equal((await register({ team })).body['label'], 'missing-identity')
  const both = await register({ email: 'both@a.example', email_code: CODE, team, team_code: 'abc' })
  assert.deepEqual([both.status, both.body['label']], [400, 'bad-request'])
})
