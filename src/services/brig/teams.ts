/** Teams and their members as clients see them, and joining one. */
import type { Team, TeamInvitation, TeamMember } from '#src/contract/client/brig-teams.ts'
import type { TeamId, UserId } from '#src/contract/ids.ts'
import type { TeamRole, TeamSettings } from '#src/contract/teams.ts'
import type { Announcements, Cause } from './announcements.ts'
import { INVITATION_SECONDS, TEAM_MEMBERS_MAX } from './limits.ts'
import { timestamp } from './profiles.ts'
import { plusSeconds } from './session-rules.ts'
import { countTeamMembers, listTeamRoles, lockTeam, type StoredInvitation, type StoredTeam } from './store-teams.ts'
import type { User } from './store-users.ts'
import type { BrigTransaction } from './tables.ts'
import { maySeePermissions, permissionsOf } from './team-rules.ts'

export const shownTeam = ({ id, creator, name, icon, icon_key }: StoredTeam): Team => ({
  id,
  creator,
  name,
  icon,
  ...(icon_key !== null && { icon_key }),
  binding: true,
})

export const settingsOf = (team: StoredTeam): TeamSettings => ({
  id: team.id,
  name: team.name,
  creator: team.creator,
  searchVisibilityInbound: team.is_inbound_searchable ? 'enabled' : 'disabled',
  searchVisibility: team.search_visibility,
  conversationGuestLinks: team.has_guest_links ? 'enabled' : 'disabled',
})

/** How one member of a team sees another, or himself. */
export const shownMember = (seer: User, member: User): TeamMember => {
  if (seer.team_role === null || member.team_role === null || member.team_joined_at === null) {
    throw new Error('who is in no team is shown as a member of one')
  }
  const isWhole = seer.id === member.id || maySeePermissions(seer.team_role)
  return {
    user: member.id,
    legalhold_status: 'disabled',
    ...(isWhole && { permissions: permissionsOf(member.team_role), created_at: timestamp(member.team_joined_at) }),
    ...(isWhole && member.team_invited_by !== null && { created_by: member.team_invited_by }),
  }
}

export const shownInvitation = (invitation: StoredInvitation): TeamInvitation => ({
  id: invitation.id,
  team: invitation.team_id,
  email: invitation.email,
  role: invitation.role,
  created_at: timestamp(invitation.created_at),
  created_by: invitation.created_by,
  ...(invitation.name !== null && { name: invitation.name }),
})

/** Invitations that were made before this count no more. */
export const invitationsSince = (now: Date): Date => plusSeconds(now, -INVITATION_SECONDS)

/** The columns of a user who is in a team. */
export const membership = (
  team: TeamId,
  { role, invitedBy, now }: { readonly role: TeamRole; readonly invitedBy: UserId | null; readonly now: Date },
) => ({ team_id: team, team_role: role, team_invited_by: invitedBy, team_joined_at: now })

export const NO_TEAM = { team_id: null, team_role: null, team_invited_by: null, team_joined_at: null }

/** Locks the team until the end of the transaction, so that nobody else takes the last place. */
export const placeInTeam = async (tx: BrigTransaction, team: TeamId): Promise<'no-team' | 'full' | 'free'> => {
  if (!(await lockTeam(tx, team))) return 'no-team'
  return (await countTeamMembers(tx, team)) < TEAM_MEMBERS_MAX ? 'free' : 'full'
}

/** Everybody in the team is told, the new member included. */
export const announceJoin = async (
  tx: BrigTransaction,
  announcements: Announcements,
  {
    user,
    team,
    now,
    cause,
  }: { readonly user: UserId; readonly team: TeamId; readonly now: Date; readonly cause: Cause },
): Promise<void> => {
  const members = await listTeamRoles(tx, team)
  const event = { type: 'team.member-join', team, time: timestamp(now), data: { user } }
  await announcements.push(tx, { users: members.map(({ id }) => id), event }, cause)
}
