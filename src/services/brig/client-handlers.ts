/** Which handler serves which endpoint of the client API, and what each is handed. */
import type { brigClient } from '#src/contract/client/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { clientRoutes } from '#src/rpc/context.ts'
import type { RemoteConnectionNeeds } from './connect-remotely.ts'
import type { CredentialNeeds } from './credentials.ts'
import { deviceHandlers } from './device-handlers.ts'
import { checkHandle } from './handlers/client/check-handle.ts'
import { claimHandle } from './handlers/client/claim-handle.ts'
import { clearProperties } from './handlers/client/clear-properties.ts'
import { deleteOneProperty } from './handlers/client/delete-property.ts'
import { findFreeHandles } from './handlers/client/find-free-handles.ts'
import { getConnection } from './handlers/client/get-connection.ts'
import { getFeatureConfigs } from './handlers/client/get-feature-configs.ts'
import { getMlsPublicKeys } from './handlers/client/get-mls-public-keys.ts'
import { getOwnName } from './handlers/client/get-own-name.ts'
import { getProperties } from './handlers/client/get-properties.ts'
import { getProperty } from './handlers/client/get-property.ts'
import { getPublicSystemSettings } from './handlers/client/get-public-system-settings.ts'
import { getSelf } from './handlers/client/get-self.ts'
import { getSupportedProtocols } from './handlers/client/get-supported-protocols.ts'
import { getSystemSettings } from './handlers/client/get-system-settings.ts'
import { getUserByHandle } from './handlers/client/get-user-by-handle.ts'
import { getUser } from './handlers/client/get-user.ts'
import { hasPassword } from './handlers/client/has-password.ts'
import { listConnections } from './handlers/client/list-connections.ts'
import { listCookies } from './handlers/client/list-cookies.ts'
import { listProperties } from './handlers/client/list-properties.ts'
import { listTeams } from './handlers/client/list-teams.ts'
import { listUsers } from './handlers/client/list-users.ts'
import { login } from './handlers/client/login.ts'
import { logout } from './handlers/client/logout.ts'
import { register } from './handlers/client/register.ts'
import { renewAccess } from './handlers/client/renew-access.ts'
import { requestConnection } from './handlers/client/request-connection.ts'
import { resolveHandle } from './handlers/client/resolve-handle.ts'
import { searchContacts } from './handlers/client/search-contacts.ts'
import { sendActivationCode } from './handlers/client/send-activation-code.ts'
import { setProperty } from './handlers/client/set-property.ts'
import { updateConnection } from './handlers/client/update-connection.ts'
import { updateLocale } from './handlers/client/update-locale.ts'
import { updateSelf } from './handlers/client/update-self.ts'
import { getInvitationInfo } from './handlers/client/get-invitation-info.ts'
import { getTeam } from './handlers/client/get-team.ts'
import { getTeamMember } from './handlers/client/get-team-member.ts'
import { inviteToTeam } from './handlers/client/invite-to-team.ts'
import { listTeamInvitations } from './handlers/client/list-team-invitations.ts'
import { listTeamMembers } from './handlers/client/list-team-members.ts'
import { revokeTeamInvitation } from './handlers/client/revoke-team-invitation.ts'
import { setSearchable } from './handlers/client/set-searchable.ts'
import { updateSupportedProtocols } from './handlers/client/update-supported-protocols.ts'
import type { SessionNeeds } from './sessions.ts'

export interface ClientNeeds extends RemoteConnectionNeeds, CredentialNeeds {
  readonly domain: Domain
  readonly sessions: SessionNeeds
  readonly headlessCode: string | undefined
  readonly isRegistrationOpen: boolean
  readonly removalKey: string
}

type Handlers = Parameters<typeof clientRoutes<typeof brigClient>>[1]

export const clientHandlers = (needs: ClientNeeds): Handlers => ({
  ...accounts(needs),
  ...people(needs),
  ...deviceHandlers(needs),
  ...connections(needs),
  ...settings(needs),
  ...teams(needs),
})

const accounts = (needs: ClientNeeds) => ({
  'send-activation-code': sendActivationCode(needs),
  register: register(needs),
  login: login(needs),
  'renew-access': renewAccess(needs),
  logout: logout(needs),
  'list-cookies': listCookies(needs),
  'has-password': hasPassword(needs),
})

const people = (needs: ClientNeeds) => ({
  'get-self': getSelf(needs),
  'update-self': updateSelf(needs),
  'get-own-name': getOwnName(needs),
  'update-locale': updateLocale(needs),
  'update-supported-protocols': updateSupportedProtocols(needs),
  'claim-handle': claimHandle(needs),
  'check-handle': checkHandle(needs),
  'find-free-handles': findFreeHandles(needs),
  'get-user': getUser(needs),
  'list-users': listUsers(needs),
  'get-supported-protocols': getSupportedProtocols(needs),
  'get-user-by-handle': getUserByHandle(needs),
  'resolve-handle': resolveHandle(needs),
  'search-contacts': searchContacts(needs),
})

const connections = (needs: ClientNeeds) => ({
  'request-connection': requestConnection(needs),
  'update-connection': updateConnection(needs),
  'get-connection': getConnection(needs),
  'list-connections': listConnections(needs),
})

const settings = (needs: ClientNeeds) => ({
  'get-feature-configs': getFeatureConfigs,
  'get-mls-public-keys': getMlsPublicKeys(needs),
  'get-system-settings': getSystemSettings(needs),
  'get-public-system-settings': getPublicSystemSettings(needs),
  'list-properties': listProperties(needs),
  'get-properties': getProperties(needs),
  'get-property': getProperty(needs),
  'set-property': setProperty(needs),
  'delete-property': deleteOneProperty(needs),
  'clear-properties': clearProperties(needs),
})

const teams = (needs: ClientNeeds) => ({
  'list-teams': listTeams(needs),
  'get-team': getTeam(needs),
  'list-team-members': listTeamMembers(needs),
  'get-team-member': getTeamMember(needs),
  'set-searchable': setSearchable(needs),
  'invite-to-team': inviteToTeam({ ...needs, ...needs.sessions }),
  'list-team-invitations': listTeamInvitations(needs),
  'revoke-team-invitation': revokeTeamInvitation(needs),
  'get-invitation-info': getInvitationInfo(needs),
})
