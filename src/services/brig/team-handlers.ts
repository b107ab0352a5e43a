/** Which handler serves teams. */
import type { AccountNeeds } from './account-handlers.ts'
import { getInvitationInfo } from './handlers/client/get-invitation-info.ts'
import { getTeam } from './handlers/client/get-team.ts'
import { getTeamMember } from './handlers/client/get-team-member.ts'
import { inviteToTeam } from './handlers/client/invite-to-team.ts'
import { listTeamInvitations } from './handlers/client/list-team-invitations.ts'
import { listTeamMembers } from './handlers/client/list-team-members.ts'
import { listTeams } from './handlers/client/list-teams.ts'
import { removeTeamMember } from './handlers/client/remove-team-member.ts'
import { revokeTeamInvitation } from './handlers/client/revoke-team-invitation.ts'
import { setSearchable } from './handlers/client/set-searchable.ts'

export const teamHandlers = (needs: AccountNeeds) => ({
  'list-teams': listTeams(needs),
  'get-team': getTeam(needs),
  'list-team-members': listTeamMembers(needs),
  'get-team-member': getTeamMember(needs),
  'remove-team-member': removeTeamMember(needs),
  'set-searchable': setSearchable(needs),
  'invite-to-team': inviteToTeam({ ...needs, ...needs.sessions }),
  'list-team-invitations': listTeamInvitations(needs),
  'revoke-team-invitation': revokeTeamInvitation(needs),
  'get-invitation-info': getInvitationInfo(needs),
})
