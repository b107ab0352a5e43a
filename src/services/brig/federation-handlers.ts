/** Which handler answers which RPC of another backend. */
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { brigFederation } from '#src/contract/federation/brig.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import type { ConnectionNeeds } from './connections.ts'
import type { PromiseNeeds } from './device-promises.ts'
import { apiVersion } from './handlers/federation/api-version.ts'
import { claimKeyPackages } from './handlers/federation/claim-key-packages.ts'
import { claimMultiPrekeyBundle } from './handlers/federation/claim-multi-prekey-bundle.ts'
import { claimPrekeyBundle } from './handlers/federation/claim-prekey-bundle.ts'
import { claimPrekey } from './handlers/federation/claim-prekey.ts'
import { getMlsClient } from './handlers/federation/get-mls-client.ts'
import { getMlsClients, getMlsClientsV0 } from './handlers/federation/get-mls-clients.ts'
import { getNotFullyConnectedBackends } from './handlers/federation/get-not-fully-connected-backends.ts'
import { getUserByHandle } from './handlers/federation/get-user-by-handle.ts'
import { getUserClients } from './handlers/federation/get-user-clients.ts'
import { getUsersByIds } from './handlers/federation/get-users-by-ids.ts'
import { onUserDeletedConnections } from './handlers/federation/on-user-deleted-connections.ts'
import { promiseClients } from './handlers/federation/promise-clients.ts'
import { searchUsers } from './handlers/federation/search-users.ts'
import { sendConnectionAction } from './handlers/federation/send-connection-action.ts'
import type { KnownRemotes } from './known-remotes.ts'
import type { PrekeyClaims } from './prekey-claims.ts'

export interface FederationNeeds extends ConnectionNeeds, PromiseNeeds {
  readonly claims: PrekeyClaims
  readonly known: KnownRemotes
}

type Handlers = {
  readonly [K in keyof typeof brigFederation]: RpcHandler<(typeof brigFederation)[K], FederationContext>
}

export const federationHandlers = (needs: FederationNeeds): Handlers => ({
  'api-version': apiVersion,
  'get-user-by-handle': getUserByHandle(needs),
  'get-users-by-ids': getUsersByIds(needs),
  'claim-prekey': claimPrekey(needs),
  'claim-prekey-bundle': claimPrekeyBundle(needs),
  'claim-multi-prekey-bundle': claimMultiPrekeyBundle(needs),
  'search-users': searchUsers(needs),
  'get-user-clients': getUserClients(needs),
  'promise-clients': promiseClients(needs),
  'get-mls-clients-v0': getMlsClientsV0(needs),
  'get-mls-clients': getMlsClients(needs),
  'get-mls-client': getMlsClient(needs),
  'claim-key-packages': claimKeyPackages(needs),
  'send-connection-action': sendConnectionAction(needs),
  'get-not-fully-connected-backends': getNotFullyConnectedBackends(needs),
  'on-user-deleted-connections': onUserDeletedConnections(needs),
})
