/** Asking another backend about its people and their clients (federation-api.md §6). */
import { z } from 'zod'
import { from, named, notification, rpc, until } from '#src/kit/endpoint.ts'
import { ClientId, Handle, TeamId, UserId } from '../ids.ts'
import { map, orNull, set, text } from '../shapes.ts'
import { CipherSuite, SearchPolicy, SignatureScheme, UserTypeFilter } from '../vocabulary.ts'
import { PromisedClients } from './device-promises.ts'
import {
  CLIENTS_PER_USER_MAX,
  CONNECTIONS_PER_NOTIFICATION_MAX,
  CONTACTS_MAX,
  SEARCH_TERM_CHARACTERS_MAX,
  TEAMS_MAX,
  USERS_PER_CLAIM_MAX,
  USERS_PER_LIST_MAX,
} from './limits.ts'
import { alternative, alternativeWith, ClientIds, Domains, Unit, VersionInfo } from './shared.ts'
import {
  ClientInfo,
  ClientPrekey,
  Contact,
  KeyPackageBundle,
  PrekeyBundle,
  UserClientPrekeyMap,
  UserClientSets,
  UserProfile,
} from './users.ts'

/** `onlyInTeams: []` finds nobody, `null` does not restrict; `types` restricts neither when `null` nor when empty. */
export const SearchRequest = z.object({
  term: text(0, SEARCH_TERM_CHARACTERS_MAX),
  from: orNull(TeamId),
  onlyInTeams: orNull(z.array(TeamId).max(TEAMS_MAX)),
  types: orNull(set(UserTypeFilter, 16)),
})
export type SearchRequest = z.infer<typeof SearchRequest>

export const SearchResponse = z.object({
  contacts: z.array(Contact).max(CONTACTS_MAX),
  searchPolicy: SearchPolicy,
})
export type SearchResponse = z.infer<typeof SearchResponse>

export const RemoteConnectionAction = z.enum(['RemoteConnect', 'RemoteRescind'])
export type RemoteConnectionAction = z.infer<typeof RemoteConnectionAction>

export const NewConnectionRequest = z.object({
  from: UserId,
  from_team: orNull(TeamId),
  to: UserId,
  action: RemoteConnectionAction,
})
export type NewConnectionRequest = z.infer<typeof NewConnectionRequest>

/** The contents of `Ok` are a reaction: the caller applies it to its own side as if it had been received. */
export const NewConnectionResponse = z.discriminatedUnion('tag', [
  alternative('NewConnectionResponseNotFederating'),
  alternative('NewConnectionResponseUserNotActivated'),
  alternativeWith('NewConnectionResponseOk', orNull(RemoteConnectionAction)),
])
export type NewConnectionResponse = z.infer<typeof NewConnectionResponse>

const ClientInfos = z.array(ClientInfo).max(CLIENTS_PER_USER_MAX)

export const brigFederation = named('brig', {
  'api-version': rpc('Ask which versions of the federation API a backend speaks.', {
    input: Unit,
    output: VersionInfo,
  }),

  'get-user-by-handle': rpc('Find the user who has a handle, if the search policy for us allows it.', {
    input: Handle,
    output: UserProfile.nullable(),
  }),

  'get-users-by-ids': rpc('Get profiles; ids of nobody are left out.', {
    input: z.array(UserId).max(USERS_PER_LIST_MAX),
    output: z.array(UserProfile).max(USERS_PER_LIST_MAX),
  }),

  'claim-prekey': rpc('Take one prekey of a client.', {
    input: z.tuple([UserId, ClientId]),
    output: ClientPrekey.nullable(),
  }),

  'claim-prekey-bundle': rpc('Take one prekey of every client of a user.', {
    input: UserId,
    output: PrekeyBundle,
  }),

  'claim-multi-prekey-bundle': rpc('Take one prekey of each of many clients.', {
    input: map(UserId, ClientIds, USERS_PER_CLAIM_MAX),
    output: UserClientPrekeyMap,
  }),

  'search-users': rpc('Search for people as far as the search policy for us allows it.', {
    input: SearchRequest,
    output: SearchResponse,
  }),

  'get-user-clients': rpc('List the clients of users.', {
    input: z.object({ users: z.array(UserId).max(USERS_PER_LIST_MAX) }),
    output: UserClientSets,
  }),

  // An extension of ours.
  'promise-clients': rpc('List the clients of users, and promise to tell before they change.', {
    input: z.object({ users: z.array(UserId).max(USERS_PER_LIST_MAX) }),
    output: PromisedClients,
  }),

  // COMPAT(v0): the scheme is ignored and cipher suite 1 assumed (federation-api.md §6.6).
  'get-mls-clients-v0': rpc('List the clients of a user and whether they can use MLS.', {
    name: 'get-mls-clients',
    versions: until(1),
    input: z.object({ user_id: UserId, signature_scheme: SignatureScheme }),
    output: ClientInfos,
  }),

  'get-mls-clients': rpc('List the clients of a user and whether they can use an MLS cipher suite.', {
    versions: from(1),
    input: z.object({ user_id: UserId, cipher_suite: CipherSuite }),
    output: ClientInfos,
  }),

  'get-mls-client': rpc('Ask whether one client can use an MLS cipher suite.', {
    versions: from(3),
    input: z.object({ user_id: UserId, client_id: ClientId, cipher_suite: CipherSuite }),
    output: ClientInfo,
  }),

  'claim-key-packages': rpc('Take one MLS key package of every client of a user.', {
    input: z.object({ claimant: UserId, target: UserId, cipher_suite: CipherSuite }),
    output: KeyPackageBundle.nullable(),
  }),

  'send-connection-action': rpc('Tell that our user wants, or no longer wants, to be connected with theirs.', {
    input: NewConnectionRequest,
    output: NewConnectionResponse,
  }),

  'get-not-fully-connected-backends': rpc('Ask a backend with which of some others it does not federate.', {
    input: z.object({ domains: Domains }),
    output: z.object({ non_connected_backends: Domains }),
  }),

  'on-user-deleted-connections': notification('Tell that one of our users, with whom theirs are connected, is gone.', {
    input: z.object({ user: UserId, connections: z.array(UserId).min(1).max(CONNECTIONS_PER_NOTIFICATION_MAX) }),
  }),
})
