/** Teams, as far as their members' clients need them. Who is in one is decided by invitations. */
import { z } from 'zod'
import { Name, TeamId, Timestamp, UserId } from '#src/contract/ids.ts'
import { opaqueText, text } from '#src/contract/shapes.ts'
import { TeamIcon, TeamName, TeamRole } from '#src/contract/teams.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import {
  INVITATION_CODE_CHARACTERS_MAX,
  INVITATIONS_PAGE_MAX,
  OLD_PASSWORD_CHARACTERS_MIN,
  PAGING_STATE_CHARACTERS_MAX,
  PASSWORD_CHARACTERS_MAX,
  TEAM_MEMBERS_PAGE_MAX,
} from './brig-limits.ts'
import { EmailText, Locale, optionally } from './brig-people.ts'

const noTeam = failure(404, 'no-team', 'Team not found')
const noMember = failure(403, 'no-team-member', 'Requesting user is not a team member')
const insufficientPermissions = failure(403, 'insufficient-permissions', 'Insufficient team permissions')
const invalidInvitation = failure(400, 'invalid-invitation-code', 'Invalid invitation code.')

const TeamPath = z.object({ team: TeamId })
const MemberPath = z.object({ team: TeamId, user: UserId })
const InvitationPath = z.object({ team: TeamId, invitation: z.guid().toLowerCase() })

export const Team = z.object({
  id: TeamId,
  creator: UserId,
  name: TeamName,
  icon: TeamIcon,
  icon_key: z.string().optional(),
  binding: z.literal(true),
})
export type Team = z.infer<typeof Team>

/** A role as clients see it: one of four numbers, twice. */
const Permissions = z.object({ self: z.int().nonnegative(), copy: z.int().nonnegative() })

export const TeamMember = z.object({
  user: UserId,
  legalhold_status: z.literal('disabled'),
  permissions: Permissions.optional().describe('Not shown to partners, except their own.'),
  created_at: Timestamp.optional(),
  created_by: UserId.optional(),
})
export type TeamMember = z.infer<typeof TeamMember>

export const TeamInvitation = z.object({
  id: z.guid(),
  team: TeamId,
  email: z.string(),
  role: TeamRole,
  created_at: Timestamp,
  created_by: UserId,
  name: Name.optional(),
})
export type TeamInvitation = z.infer<typeof TeamInvitation>

const membership = {
  // COMPAT(v3): the web client of 2022 does not start without it.
  'list-teams': endpoint('The team I am in, if I am in one.', {
    method: 'GET',
    path: '/teams',
    access: 'token',
    answers: { found: answer(200, z.object({ teams: z.array(Team).max(1), has_more: z.literal(false) })) },
  }),

  'get-team': endpoint('My team.', {
    method: 'GET',
    path: '/teams/{team}',
    access: 'token',
    params: TeamPath,
    answers: { found: answer(200, Team), 'no-team': noTeam },
  }),

  'list-team-members': endpoint('The members of my team.', {
    method: 'GET',
    path: '/teams/{team}/members',
    access: 'token',
    params: TeamPath,
    query: z.object({
      maxResults: z.coerce.number().int().min(1).max(TEAM_MEMBERS_PAGE_MAX).default(TEAM_MEMBERS_PAGE_MAX),
      pagingState: z.string().max(PAGING_STATE_CHARACTERS_MAX).optional(),
    }),
    answers: {
      page: answer(
        200,
        z.object({
          members: z.array(TeamMember).max(TEAM_MEMBERS_PAGE_MAX),
          hasMore: z.boolean(),
          pagingState: z.string(),
        }),
      ),
      'no-team-member': noMember,
    },
  }),

  'get-team-member': endpoint('A member of my team.', {
    method: 'GET',
    path: '/teams/{team}/members/{user}',
    access: 'token',
    params: MemberPath,
    answers: {
      found: answer(200, TeamMember),
      'no-team-member': noMember,
      'not-found': failure(404, 'no-team-member', 'Team member not found'),
    },
  }),

  'remove-team-member': endpoint('Remove somebody from my team, and delete the account: it belongs to the team.', {
    method: 'DELETE',
    path: '/teams/{team}/members/{user}',
    access: 'token',
    params: MemberPath,
    body: z
      .object({ password: optionally(text(OLD_PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX)) })
      .default({ password: undefined }),
    answers: {
      accepted: empty(202),
      'no-team': noTeam,
      'no-team-member': noMember,
      'operation-denied': failure(403, 'operation-denied', 'Insufficient permissions'),
      'access-denied': failure(403, 'access-denied', 'This operation requires the password, and an owner for owners'),
      'not-found': failure(404, 'no-team-member', 'Team member not found'),
    },
  }),

  'set-searchable': endpoint('Let a member of my team be found by search, or not.', {
    method: 'PUT',
    path: '/users/{user}/searchable',
    access: 'token',
    params: z.object({ user: UserId }),
    body: z.object({ set_searchable: z.boolean() }),
    answers: { set: empty(200), 'insufficient-permissions': insufficientPermissions },
  }),
}

const invitations = {
  'invite-to-team': endpoint('Invite somebody to my team by e-mail.', {
    method: 'POST',
    path: '/teams/{team}/invitations',
    access: 'token',
    params: TeamPath,
    body: z.object({
      email: EmailText,
      name: optionally(Name),
      role: optionally(TeamRole),
      locale: optionally(Locale),
    }),
    answers: {
      invited: answer(201, TeamInvitation, 'With the path of the invitation as Location.'),
      'invalid-email': failure(400, 'invalid-email', 'Invalid e-mail address.'),
      'insufficient-permissions': insufficientPermissions,
      'too-many': failure(403, 'too-many-team-invitations', 'Too many team invitations for this team'),
      'email-taken': failure(409, 'email-exists', 'The given e-mail address is in use.'),
    },
  }),

  'list-team-invitations': endpoint('The invitations to my team that nobody has followed yet.', {
    method: 'GET',
    path: '/teams/{team}/invitations',
    access: 'token',
    params: TeamPath,
    query: z.object({
      start: z.guid().toLowerCase().optional(),
      size: z.coerce.number().int().min(1).max(INVITATIONS_PAGE_MAX).default(INVITATIONS_PAGE_MAX),
    }),
    answers: {
      page: answer(
        200,
        z.object({ invitations: z.array(TeamInvitation).max(INVITATIONS_PAGE_MAX), has_more: z.boolean() }),
      ),
      'insufficient-permissions': insufficientPermissions,
    },
  }),

  'revoke-team-invitation': endpoint('Take an invitation back.', {
    method: 'DELETE',
    path: '/teams/{team}/invitations/{invitation}',
    access: 'token',
    params: InvitationPath,
    answers: { revoked: empty(200), 'insufficient-permissions': insufficientPermissions },
  }),

  'get-invitation-info': endpoint('Who is invited by a code, and to which team.', {
    method: 'GET',
    path: '/teams/invitations/info',
    access: 'public',
    query: z.object({ code: opaqueText(INVITATION_CODE_CHARACTERS_MAX) }),
    answers: { found: answer(200, TeamInvitation), 'invalid-invitation-code': invalidInvitation },
  }),
}

export const brigTeams = { ...membership, ...invitations }
