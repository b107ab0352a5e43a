/** Which handler serves which endpoint for our own parts and the operator. */
import type { brigInternal } from '#src/contract/internal/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { internalRoutes } from '#src/rpc/context.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import type { Announcements } from './announcements.ts'
import type { DeviceChanges } from './device-changes.ts'
import type { PromiseNeeds } from './device-promises.ts'
import { addRemoteTeam } from './handlers/internal/add-remote-team.ts'
import { addRemote } from './handlers/internal/add-remote.ts'
import { federationStatus } from './handlers/internal/federation-status.ts'
import { getAccessKeys } from './handlers/internal/get-access-keys.ts'
import { getActivationCode } from './handlers/internal/get-activation-code.ts'
import { getClients } from './handlers/internal/get-clients.ts'
import { getConnectionsOf } from './handlers/internal/get-connections-of.ts'
import { getConnectionsTo } from './handlers/internal/get-connections-to.ts'
import { getMlsClients } from './handlers/internal/get-mls-clients.ts'
import { getUsers } from './handlers/internal/get-users.ts'
import { getKnownRemotes } from './handlers/internal/known-remotes.ts'
import { listConnectionStatuses } from './handlers/internal/list-connection-statuses.ts'
import { listRevocations } from './handlers/internal/list-revocations.ts'
import { listRemoteTeams } from './handlers/internal/list-remote-teams.ts'
import { noteActivity } from './handlers/internal/note-activity.ts'
import { removeRemoteTeam } from './handlers/internal/remove-remote-team.ts'
import { updateRemote } from './handlers/internal/update-remote.ts'
import { addTeamMember } from './handlers/internal/add-team-member.ts'
import { getInvitationCode } from './handlers/internal/get-invitation-code.ts'
import { getTeamSettings } from './handlers/internal/get-team-settings.ts'
import { listMembersOfTeam } from './handlers/internal/list-members-of-team.ts'
import { setGuestLinks } from './handlers/internal/set-guest-links.ts'
import { setSearchVisibilityInbound } from './handlers/internal/set-search-visibility-inbound.ts'
import { setSearchVisibility } from './handlers/internal/set-search-visibility.ts'
import { getPasswordResetCode } from './handlers/internal/get-password-reset-code.ts'
import { getAccountStatus } from './handlers/internal/get-account-status.ts'
import { setAccountStatus } from './handlers/internal/set-account-status.ts'
import { deleteAccount } from './handlers/internal/delete-account.ts'
import { rotateAccessKeys } from './handlers/internal/rotate-access-keys.ts'
import type { KnownRemotes } from './known-remotes.ts'
import type { RotatingKeys } from './rotating-keys.ts'

export interface InternalNeeds extends PromiseNeeds {
  readonly announcements: Announcements
  readonly changes: DeviceChanges
  readonly domain: Domain
  readonly known: KnownRemotes
  readonly keys: RotatingKeys
  readonly remotes: RemoteBackends
  readonly headlessCode: string | undefined
}

type Handlers = Parameters<typeof internalRoutes<typeof brigInternal>>[1]

export const internalHandlers = (needs: InternalNeeds): Handlers => ({
  'get-access-keys': getAccessKeys(needs),
  'rotate-access-keys': rotateAccessKeys(needs),
  'list-revocations': listRevocations(needs),
  'get-activation-code': getActivationCode(needs),
  'get-users': getUsers(needs),
  'get-clients': getClients(needs),
  'get-mls-clients': getMlsClients(needs),
  'note-activity': noteActivity(needs),
  'get-connections-of': getConnectionsOf(needs),
  'get-connections-to': getConnectionsTo(needs),
  'list-connection-statuses': listConnectionStatuses(needs),
  'get-password-reset-code': getPasswordResetCode(needs),
  'get-account-status': getAccountStatus(needs),
  'set-account-status': setAccountStatus(needs),
  'delete-account': deleteAccount(needs),
  ...teams(needs),
  'known-remotes': getKnownRemotes(needs),
  'add-remote': addRemote(needs),
  'update-remote': updateRemote(needs),
  'list-remote-teams': listRemoteTeams(needs),
  'add-remote-team': addRemoteTeam(needs),
  'remove-remote-team': removeRemoteTeam(needs),
  'federation-status': federationStatus(needs),
})

const teams = (needs: InternalNeeds) => ({
  'get-team-settings': getTeamSettings(needs),
  'list-members-of-team': listMembersOfTeam(needs),
  'add-team-member': addTeamMember(needs),
  'get-invitation-code': getInvitationCode(needs),
  'set-search-visibility-inbound': setSearchVisibilityInbound(needs),
  'set-guest-links': setGuestLinks(needs),
  'set-search-visibility': setSearchVisibility(needs),
})
