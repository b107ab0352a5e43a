/** Which handler serves which endpoint of the client API, and what each is handed. */
import type { brigClient } from '#src/contract/client/brig.ts'
import type { clientRoutes } from '#src/rpc/context.ts'
import { accountHandlers, type AccountNeeds } from './account-handlers.ts'
import type { RemoteConnectionNeeds } from './connect-remotely.ts'
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
import { getRichInfo } from './handlers/client/get-rich-info.ts'
import { getSelf } from './handlers/client/get-self.ts'
import { getSupportedProtocols } from './handlers/client/get-supported-protocols.ts'
import { getSystemSettings } from './handlers/client/get-system-settings.ts'
import { getUserByHandle } from './handlers/client/get-user-by-handle.ts'
import { getUser } from './handlers/client/get-user.ts'
import { listConnections } from './handlers/client/list-connections.ts'
import { listOwnConnections } from './handlers/client/list-own-connections.ts'
import { listProperties } from './handlers/client/list-properties.ts'
import { listLocalUsers } from './handlers/client/list-local-users.ts'
import { listUsers } from './handlers/client/list-users.ts'
import { requestConnectionHere } from './handlers/client/request-connection-here.ts'
import { requestConnection } from './handlers/client/request-connection.ts'
import { resolveHandle } from './handlers/client/resolve-handle.ts'
import { searchContacts } from './handlers/client/search-contacts.ts'
import { setProperty } from './handlers/client/set-property.ts'
import { updateConnection } from './handlers/client/update-connection.ts'
import { updateLocale } from './handlers/client/update-locale.ts'
import { updateSelf } from './handlers/client/update-self.ts'
import { updateSupportedProtocols } from './handlers/client/update-supported-protocols.ts'
import type { PrekeyClaims } from './prekey-claims.ts'
import { teamHandlers } from './team-handlers.ts'

export interface ClientNeeds extends RemoteConnectionNeeds, AccountNeeds {
  readonly claims: PrekeyClaims
  readonly isRegistrationOpen: boolean
  readonly removalKey: string
}

type Handlers = Parameters<typeof clientRoutes<typeof brigClient>>[1]

export const clientHandlers = (needs: ClientNeeds): Handlers => ({
  ...accountHandlers(needs),
  ...people(needs),
  ...deviceHandlers(needs),
  ...connections(needs),
  ...settings(needs),
  ...teamHandlers(needs),
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
  'list-local-users': listLocalUsers(needs),
  'get-rich-info': getRichInfo(needs),
  'get-supported-protocols': getSupportedProtocols(needs),
  'get-user-by-handle': getUserByHandle(needs),
  'resolve-handle': resolveHandle(needs),
  'search-contacts': searchContacts(needs),
})

const connections = (needs: ClientNeeds) => ({
  'request-connection': requestConnection(needs),
  'request-connection-here': requestConnectionHere(needs),
  'update-connection': updateConnection(needs),
  'get-connection': getConnection(needs),
  'list-connections': listConnections(needs),
  'list-own-connections': listOwnConnections(needs),
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
