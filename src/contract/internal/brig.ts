/** What our own parts, and the operator of this machine, ask of brig. Never reachable through the public listener. */
import { z } from 'zod'
import { AccountStatus } from '#src/contract/client/brig-people.ts'
import { ConnectionStatus } from '#src/contract/connections.ts'
import { ChangingUsers, PromiseMs } from '#src/contract/federation/device-promises.ts'
import { ClientInfo, PubClient, UserProfile } from '#src/contract/federation/users.ts'
import {
  ClientId,
  Domain,
  QualifiedConversationId,
  QualifiedUserId,
  TeamId,
  Timestamp,
  UserId,
} from '#src/contract/ids.ts'
import { map, set } from '#src/contract/shapes.ts'
import { TeamRole } from '#src/contract/teams.ts'
import { CipherSuiteText } from '#src/contract/vocabulary.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import { teamsInternal } from './brig-teams.ts'
import { RemoteConfig, RemoteConfigs } from './remotes.ts'

const ACCESS_KEYS_MAX = 100
const USERS_MAX = 10_000
const CLIENTS_PER_USER_MAX = 64
const DOMAINS_MAX = 1_000
const TEAMS_MAX = 10_000
const EMAIL_CHARACTERS_MAX = 254

/** How the remote backend list of the original refuses, whatever the reason (federation-transport.md §10.2). */
const refusedRemote = failure(533, 'federation-unexpected-wai-error', 'This remote backend cannot be changed so')

const noAccount = failure(404, 'not-found', 'There is no such account')

/** In one answer. Of more, those that ended last: they have the longest to go. */
export const REVOCATIONS_MAX = 100_000

const Nothing = z.tuple([])

/**
 * A user of ours as our parts need to know him; `is_verified` is an address that was shown to be his. `status` tells who
 * is suspended, deleted or a guest; `team_role` is `null` exactly when there is no `team`.
 */
export const LocalUser = z.intersection(
  UserProfile,
  z.object({ is_verified: z.boolean(), status: AccountStatus, team_role: TeamRole.nullable() }),
)
export type LocalUser = z.infer<typeof LocalUser>

const ConnectionOf = z.object({
  to: QualifiedUserId,
  status: ConnectionStatus,
  conversation: QualifiedConversationId,
  /** What the other one's own row says; `null` without such a row, and for users of other backends. */
  other_status: ConnectionStatus.nullable(),
})

const ConnectionTo = z.object({ from: UserId, status: ConnectionStatus, conversation: QualifiedConversationId })

/** In one answer; about 20 MB. */
export const CONNECTION_STATUSES_MAX = 100_000

const StatusOfConnection = z.object({ from: UserId, qualified_to: QualifiedUserId, status: ConnectionStatus })

const peopleInternal = {
  'get-access-keys': endpoint('The public keys that access tokens are verified with.', {
    method: 'GET',
    path: '/i/access-keys',
    access: 'internal',
    answers: {
      found: answer(
        200,
        z.object({
          keys: z.array(z.object({ index: z.int().positive(), publicKey: z.base64() })).max(ACCESS_KEYS_MAX),
        }),
        'Raw Ed25519 keys; a token names its key by index.',
      ),
    },
  }),

  'list-revocations': endpoint('Which access tokens ended before their time, of those that would still be good.', {
    method: 'GET',
    path: '/i/access-tokens/revoked',
    access: 'internal',
    query: z.object({
      since: Timestamp.optional().describe('What the last answer named; some of it may be repeated.'),
    }),
    answers: {
      found: answer(
        200,
        z.object({
          until: Timestamp,
          revoked: z
            .array(z.object({ user: UserId, client: ClientId.nullable(), at: Timestamp }))
            .max(REVOCATIONS_MAX)
            .describe('Without a client all of the user’s tokens; those handed out until then.'),
        }),
      ),
    },
  }),

  'rotate-access-keys': endpoint('Add a key that tokens are signed with from soon on; those that exist stay good.', {
    method: 'POST',
    path: '/i/access-keys/rotate',
    access: 'internal',
    answers: {
      rotated: answer(200, z.object({ index: z.int().positive() }), 'The index of the new key.'),
      'too-many': failure(409, 'too-many-keys', 'Older keys still sign good tokens; wait until they are forgotten'),
    },
  }),

  'get-activation-code': endpoint('The code that would have been mailed to an address; development mode only.', {
    method: 'GET',
    path: '/i/users/activation-code',
    access: 'internal',
    query: z.object({ email: z.string().max(EMAIL_CHARACTERS_MAX) }),
    answers: {
      found: answer(200, z.object({ key: z.string(), code: z.string() })),
      'not-found': failure(404, 'not-found', 'There is no code for this address'),
    },
  }),

  'get-password-reset-code': endpoint('The code that would have been mailed; development mode only.', {
    method: 'GET',
    path: '/i/users/password-reset-code',
    access: 'internal',
    query: z.object({ email: z.string().max(EMAIL_CHARACTERS_MAX) }),
    answers: {
      found: answer(200, z.object({ key: z.string(), code: z.string() })),
      'not-found': failure(404, 'not-found', 'There is no code for this address'),
    },
  }),

  'get-account-status': endpoint('Whether an account may be used.', {
    method: 'GET',
    path: '/i/users/{user}/status',
    access: 'internal',
    params: z.object({ user: UserId }),
    answers: { found: answer(200, z.object({ status: AccountStatus })), 'not-found': noAccount },
  }),

  'set-account-status': endpoint('Suspend an account, which ends its sessions, or let it be used again.', {
    method: 'PUT',
    path: '/i/users/{user}/status',
    access: 'internal',
    params: z.object({ user: UserId }),
    body: z.object({ status: z.enum(['active', 'suspended']) }),
    answers: { set: empty(200), 'not-found': noAccount },
  }),

  'delete-account': endpoint('Delete an account, whoever it belongs to.', {
    method: 'DELETE',
    path: '/i/users/{user}',
    access: 'internal',
    params: z.object({ user: UserId }),
    answers: { deleted: empty(202), 'not-found': noAccount },
  }),

  'get-users': endpoint('Users of this backend; those that never existed are left out.', {
    method: 'POST',
    path: '/i/users/by-ids',
    access: 'internal',
    body: z.object({ users: z.array(UserId).max(USERS_MAX) }),
    answers: { found: answer(200, z.array(LocalUser).max(USERS_MAX)) },
  }),

  'get-clients': endpoint('The devices of users of this backend; every one asked for is a key of the answer.', {
    method: 'POST',
    path: '/i/clients',
    access: 'internal',
    body: z.object({
      users: z.array(UserId).max(USERS_MAX),
      promise: z.boolean().default(false).describe('Whether galley wants to remember it.'),
    }),
    answers: {
      found: answer(
        200,
        z.object({
          clients: map(UserId, z.array(PubClient).max(CLIENTS_PER_USER_MAX), USERS_MAX),
          promise_ms: PromiseMs.default(0).describe('For how long galley will be told before any of it changes.'),
          changing: ChangingUsers.default([]).describe('Of whom that is not promised.'),
        }),
      ),
    },
  }),

  'note-activity': endpoint('Remember that a device is in use; of several times the latest counts.', {
    method: 'POST',
    path: '/i/clients/activity',
    access: 'internal',
    body: z.object({ user: UserId, client: ClientId, until: Timestamp }),
    answers: { noted: empty(200, 'Also when there is no such device.') },
  }),

  'get-mls-clients': endpoint('The devices of a user, and whether others can add them to a group of a cipher suite.', {
    method: 'GET',
    path: '/i/mls/clients/{user}',
    access: 'internal',
    params: z.object({ user: UserId }),
    query: z.object({ ciphersuite: CipherSuiteText }),
    answers: {
      found: answer(200, z.array(ClientInfo).max(CLIENTS_PER_USER_MAX)),
      'mls-protocol-error': failure(400, 'mls-protocol-error', 'This cipher suite is not used here'),
    },
  }),

  'get-connections-of': endpoint('How one user of ours stands with others; without a connection there is no entry.', {
    method: 'POST',
    path: '/i/connections/status',
    access: 'internal',
    body: z.object({ from: UserId, to: z.array(QualifiedUserId).max(USERS_MAX) }),
    answers: { found: answer(200, z.array(ConnectionOf).max(USERS_MAX)) },
  }),

  'get-connections-to': endpoint('How users of ours stand with one other; without a connection there is no entry.', {
    method: 'POST',
    path: '/i/connections/status-to',
    access: 'internal',
    body: z.object({ to: QualifiedUserId, from: z.array(UserId).max(USERS_MAX) }),
    answers: { found: answer(200, z.array(ConnectionTo).max(USERS_MAX)) },
  }),

  'list-connection-statuses': endpoint('How users of ours stand with everybody, or with some, or in one way only.', {
    method: 'POST',
    path: '/i/users/connections-status/v2',
    access: 'internal',
    body: z.object({
      from: z.array(UserId).max(USERS_MAX),
      to: z.array(QualifiedUserId).max(USERS_MAX).nullish(),
      relation: ConnectionStatus.nullish(),
    }),
    answers: {
      found: answer(200, z.array(StatusOfConnection).max(CONNECTION_STATUSES_MAX)),
      'too-many': failure(413, 'too-many-connections', 'That is more than one answer holds: ask about fewer users'),
    },
  }),
}

const remotesInternal = {
  'known-remotes': endpoint('Whom this backend federates with: those added while running, then those configured.', {
    method: 'GET',
    path: '/i/federation/remotes',
    access: 'internal',
    answers: { found: answer(200, RemoteConfigs) },
  }),

  'add-remote': endpoint('Add a remote backend, or change one that was added so.', {
    method: 'POST',
    path: '/i/federation/remotes',
    access: 'internal',
    body: RemoteConfig,
    answers: { done: answer(200, Nothing), refused: refusedRemote },
  }),

  'update-remote': endpoint('Change a remote backend that was added while running.', {
    method: 'PUT',
    path: '/i/federation/remotes/{domain}',
    access: 'internal',
    params: z.object({ domain: Domain }),
    body: RemoteConfig,
    answers: { done: answer(200, Nothing), refused: refusedRemote },
  }),

  'list-remote-teams': endpoint('The teams of a remote backend that ours may talk to, if it is restricted.', {
    method: 'GET',
    path: '/i/federation/remotes/{domain}/teams',
    access: 'internal',
    params: z.object({ domain: Domain }),
    answers: { found: answer(200, z.array(z.object({ team_id: TeamId })).max(TEAMS_MAX)) },
  }),

  'add-remote-team': endpoint('Let a team of a restricted remote backend talk to us.', {
    method: 'POST',
    path: '/i/federation/remotes/{domain}/teams',
    access: 'internal',
    params: z.object({ domain: Domain }),
    body: z.object({ team_id: TeamId }),
    answers: { done: answer(200, Nothing), refused: refusedRemote },
  }),

  'remove-remote-team': endpoint('No longer let a team of a restricted remote backend talk to us.', {
    method: 'DELETE',
    path: '/i/federation/remotes/{domain}/teams/{team}',
    access: 'internal',
    params: z.object({ domain: Domain, team: TeamId }),
    answers: { done: answer(200, Nothing) },
  }),

  'federation-status': endpoint('Do all of these backends federate with each other?', {
    method: 'GET',
    path: '/i/federation-status',
    access: 'internal',
    body: z.object({ domains: set(Domain, DOMAINS_MAX) }),
    aliases: [{ path: '/i/federation-status', method: 'POST' }],
    answers: {
      'fully-connected': answer(200, z.object({ status: z.literal('fully-connected') })),
      'non-fully-connected': answer(
        200,
        z.object({ status: z.literal('non-fully-connected'), not_connected: z.tuple([Domain, Domain]) }),
      ),
      unreachable: answer(533, z.object({ unreachable_backends: z.array(Domain) })),
    },
  }),
}

export const brigInternal = { ...peopleInternal, ...teamsInternal, ...remotesInternal }
