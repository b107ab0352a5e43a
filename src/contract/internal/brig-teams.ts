/** What our own parts, and the operator of this machine, ask of brig about teams. */
import { z } from 'zod'
import { TeamId, UserId } from '#src/contract/ids.ts'
import { FeatureStatus, TeamRole, TeamSearchVisibility, TeamSettings } from '#src/contract/teams.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'

const MEMBERS_MAX = 20_000

const noTeam = failure(404, 'no-team', 'Team not found')
const TeamPath = z.object({ team: TeamId })
const Feature = z.object({ status: FeatureStatus })

export const teamsInternal = {
  'get-team-settings': endpoint('What a team has decided for its members.', {
    method: 'GET',
    path: '/i/teams/{team}/settings',
    access: 'internal',
    params: TeamPath,
    answers: { found: answer(200, TeamSettings), 'no-team': noTeam },
  }),

  'list-members-of-team': endpoint('All members of a team; none when there is no such team.', {
    method: 'GET',
    path: '/i/teams/{team}/members',
    access: 'internal',
    params: TeamPath,
    answers: {
      found: answer(200, z.object({ members: z.array(z.object({ user: UserId, role: TeamRole })).max(MEMBERS_MAX) })),
    },
  }),

  'add-team-member': endpoint('Make an account without team a member, without inviting it: for operators and tests.', {
    method: 'POST',
    path: '/i/teams/{team}/members',
    access: 'internal',
    params: TeamPath,
    body: z.object({ user: UserId, role: TeamRole.default('member') }),
    answers: {
      added: empty(200),
      'no-team': noTeam,
      'invalid-user': failure(400, 'invalid-user', 'There is no such account, or it is in a team or a guest'),
      'too-many': failure(403, 'too-many-team-members', 'The team is full'),
    },
  }),

  'get-invitation-code': endpoint('The code that was mailed with an invitation.', {
    method: 'GET',
    path: '/i/teams/invitation-code',
    access: 'internal',
    query: z.object({ team: TeamId, invitation_id: z.guid().toLowerCase() }),
    answers: {
      found: answer(200, z.object({ code: z.string() })),
      'not-found': failure(404, 'not-found', 'There is no such invitation'),
    },
  }),

  'set-search-visibility-inbound': endpoint('Whether strangers find the members of a team by name.', {
    method: 'PUT',
    path: '/i/teams/{team}/features/searchVisibilityInbound',
    access: 'internal',
    params: TeamPath,
    body: Feature,
    answers: { set: answer(200, Feature), 'no-team': noTeam },
  }),

  'set-guest-links': endpoint('Whether conversations of a team may have links by which guests join.', {
    method: 'PUT',
    path: '/i/teams/{team}/features/conversationGuestLinks',
    access: 'internal',
    params: TeamPath,
    body: Feature,
    answers: { set: answer(200, Feature), 'no-team': noTeam },
  }),

  'set-search-visibility': endpoint('Whom the members of a team find by name.', {
    method: 'PUT',
    path: '/i/teams/{team}/search-visibility',
    access: 'internal',
    params: TeamPath,
    body: z.object({ search_visibility: TeamSearchVisibility }),
    answers: { set: empty(204), 'no-team': noTeam },
  }),
}
