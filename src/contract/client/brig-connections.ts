/** Connecting with another user (client-users.md §7). */
import { z } from 'zod'
import { Connection, ConnectionStatus } from '#src/contract/connections.ts'
import { Domain, UserId } from '#src/contract/ids.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import { CONNECTIONS_PAGE_DEFAULT, CONNECTIONS_PAGE_MAX, PAGING_STATE_CHARACTERS_MAX } from './brig-limits.ts'
import { optionally } from './brig-people.ts'

/** Before version 2 users had no domain: then it is ours. */
const OtherPath = z.object({ domain: Domain.optional(), user: UserId })

/** COMPAT(v2): the name and the message that came along are shown by no client any more. */
const OldRequest = z.object({ user: UserId })

/** Every way in which a change of a connection is refused. */
const refusals = {
  'invalid-user': failure(400, 'invalid-user', 'This user cannot be connected with'),
  'no-identity': failure(403, 'no-identity', 'An account without verified address cannot connect'),
  'connection-limit': failure(403, 'connection-limit', 'Too many connections'),
  'bad-transition': failure(403, 'bad-conn-update', 'The connection cannot be changed so'),
  'team-not-federating': failure(403, 'team-not-federating', 'The team of this user does not federate with us'),
}

const sameTeam = failure(403, 'same-binding-team-users', 'Members of one team are connected by that')

export const brigConnections = {
  'request-connection': endpoint('Ask to be connected with a user, or agree to his asking.', {
    method: 'POST',
    path: '/connections/{domain}/{user}',
    access: 'token',
    params: z.object({ domain: Domain, user: UserId }),
    answers: {
      created: answer(201, Connection),
      existed: answer(200, Connection, 'There was a connection, now as shown.'),
      ...refusals,
      'same-team': sameTeam,
    },
  }),

  'request-connection-here': endpoint('Ask a user of this backend; how clients of versions 0 and 1 ask.', {
    method: 'POST',
    path: '/connections',
    access: 'token',
    body: OldRequest,
    answers: {
      created: answer(201, Connection),
      existed: answer(200, Connection, 'There was a connection, now as shown.'),
      ...refusals,
      'same-team': sameTeam,
    },
  }),

  'update-connection': endpoint('Accept, ignore, block, unblock or withdraw.', {
    method: 'PUT',
    path: '/connections/{domain}/{user}',
    aliases: [{ path: '/connections/{user}' }],
    access: 'token',
    params: OtherPath,
    body: z.object({ status: ConnectionStatus }),
    answers: {
      updated: answer(200, Connection),
      unchanged: empty(204),
      ...refusals,
      'not-connected': failure(403, 'not-connected', 'Users are not connected'),
    },
  }),

  'get-connection': endpoint('How I stand with a user.', {
    method: 'GET',
    path: '/connections/{domain}/{user}',
    aliases: [{ path: '/connections/{user}' }],
    access: 'token',
    params: OtherPath,
    answers: { found: answer(200, Connection), 'not-found': empty(404) },
  }),

  // COMPAT(v1): `POST /list-connections` says the same of users of all backends.
  'list-own-connections': endpoint('My connections with users of this backend.', {
    method: 'GET',
    path: '/connections',
    access: 'token',
    query: z.object({
      start: UserId.optional().describe('The last of the page before.'),
      size: z.coerce.number().int().min(1).max(CONNECTIONS_PAGE_MAX).default(CONNECTIONS_PAGE_DEFAULT),
    }),
    answers: { page: answer(200, z.object({ connections: z.array(Connection), has_more: z.boolean() })) },
  }),

  'list-connections': endpoint('My connections, those on this backend first.', {
    method: 'POST',
    path: '/list-connections',
    access: 'token',
    body: z
      .object({
        size: z.int().min(1).max(CONNECTIONS_PAGE_MAX).default(CONNECTIONS_PAGE_DEFAULT),
        paging_state: optionally(z.string().max(PAGING_STATE_CHARACTERS_MAX)),
      })
      .prefault({}),
    answers: {
      page: answer(
        200,
        z.object({ connections: z.array(Connection), has_more: z.boolean(), paging_state: z.string() }),
      ),
    },
  }),
}
