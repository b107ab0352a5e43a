/** Other people: profiles and search (client-users.md §3, §4). */
import { z } from 'zod'
import { UserProfile } from '#src/contract/federation/users.ts'
import { Domain, Handle, QualifiedUserId, TeamId, UserId } from '#src/contract/ids.ts'
import { commaSeparated, text } from '#src/contract/shapes.ts'
import { AccentId, BaseProtocol, SearchPolicy } from '#src/contract/vocabulary.ts'
import { answer, endpoint, failure, from, until } from '#src/kit/endpoint.ts'
import {
  IDS_IN_ADDRESS_MAX,
  LISTED_HANDLES_MAX,
  LISTED_USERS_MAX,
  SEARCH_SIZE_DEFAULT,
  SEARCH_SIZE_MAX,
  SEARCH_TERM_CHARACTERS_MAX,
} from './brig-limits.ts'
import { optionally } from './brig-people.ts'

const nobody = failure(404, 'not-found', 'There is no such user')

/** Before version 2 paths name users of the own backend without its domain. */
export const UserPath = z.object({ domain: Domain.optional(), user: UserId })

const QualifiedHandle = z.object({ domain: Domain, handle: Handle })

const ListUsers = z
  .object({
    qualified_ids: optionally(z.array(QualifiedUserId).max(LISTED_USERS_MAX)),
    qualified_handles: optionally(z.array(QualifiedHandle).min(1).max(LISTED_HANDLES_MAX)),
  })
  .refine(
    ({ qualified_ids: ids, qualified_handles: handles }) => (ids === undefined) !== (handles === undefined),
    'give either qualified_ids or qualified_handles',
  )

const RichInfo = z.object({
  version: z.literal(0),
  fields: z.array(z.object({ type: z.string(), value: z.string() })).max(0),
})

const SearchHit = z.object({
  id: UserId,
  qualified_id: QualifiedUserId,
  name: z.string(),
  handle: Handle.nullable(),
  accent_id: AccentId.nullable(),
  team: TeamId.nullable(),
})

export const SearchResult = z.object({
  documents: z.array(SearchHit).max(SEARCH_SIZE_MAX),
  found: z.int(),
  returned: z.int(),
  took: z.int(),
  search_policy: SearchPolicy,
})
export type SearchResult = z.infer<typeof SearchResult>

export const brigUsers = {
  'get-user': endpoint('The profile of a user.', {
    method: 'GET',
    path: '/users/{domain}/{user}',
    access: 'token',
    params: UserPath,
    aliases: [
      { path: '/users/{domain}/{user}', method: 'HEAD' },
      { path: '/users/{user}' },
      { path: '/users/{user}', method: 'HEAD' },
    ],
    answers: { found: answer(200, UserProfile), 'not-found': nobody },
  }),

  'list-users': endpoint('The profiles of many users, of any backends.', {
    method: 'POST',
    path: '/list-users',
    access: 'token',
    body: ListUsers,
    answers: {
      listed: answer(
        200,
        z.object({ found: z.array(UserProfile), failed: z.array(QualifiedUserId).optional() }),
        'Unknown users are missing; those whose backend cannot be reached are in `failed`.',
        from(4),
      ),
      'listed-bare': answer(200, z.array(UserProfile), 'Users whose backend cannot be reached are missing.', until(4)),
    },
  }),

  // COMPAT(v1): `POST /list-users` says the same of users of all backends.
  'list-local-users': endpoint('The profiles of users of this backend, by id or by handle.', {
    method: 'GET',
    path: '/users',
    access: 'token',
    query: z
      .object({
        ids: commaSeparated(IDS_IN_ADDRESS_MAX).pipe(z.array(UserId).max(IDS_IN_ADDRESS_MAX)).optional(),
        handles: commaSeparated(LISTED_HANDLES_MAX).pipe(z.array(Handle).max(LISTED_HANDLES_MAX)).optional(),
      })
      .refine(({ ids, handles }) => (ids === undefined) !== (handles === undefined), 'give either ids or handles'),
    answers: { listed: answer(200, z.array(UserProfile), 'Unknown users are missing.') },
  }),

  'get-rich-info': endpoint('What the team of a user says about him beyond his profile: nothing, so far.', {
    method: 'GET',
    path: '/users/{user}/rich-info',
    access: 'token',
    params: z.object({ user: UserId }),
    answers: {
      found: answer(200, RichInfo),
      'insufficient-permissions': failure(403, 'insufficient-permissions', 'Insufficient team permissions'),
      'not-found': nobody,
    },
  }),

  'get-supported-protocols': endpoint('The protocols a user can be reached by.', {
    method: 'GET',
    path: '/users/{domain}/{user}/supported-protocols',
    access: 'token',
    params: UserPath,
    answers: { found: answer(200, z.array(BaseProtocol)), 'not-found': nobody },
  }),

  'get-user-by-handle': endpoint('The profile of whoever has a handle.', {
    method: 'GET',
    path: '/users/by-handle/{domain}/{handle}',
    access: 'token',
    params: z.object({ domain: Domain, handle: z.string() }),
    answers: { found: answer(200, UserProfile), 'not-found': nobody },
  }),

  'resolve-handle': endpoint('The id of the user of this backend who has a handle.', {
    method: 'GET',
    path: '/users/handles/{handle}',
    access: 'token',
    params: z.object({ handle: z.string() }),
    answers: {
      found: answer(200, z.object({ user: UserId, qualified_user: QualifiedUserId })),
      'not-found': nobody,
    },
  }),

  'search-contacts': endpoint('Find people by handle or name, on this backend or another one.', {
    method: 'GET',
    path: '/search/contacts',
    access: 'token',
    query: z.object({
      q: text(0, SEARCH_TERM_CHARACTERS_MAX),
      domain: Domain.optional(),
      size: z.coerce.number().int().min(1).max(SEARCH_SIZE_MAX).default(SEARCH_SIZE_DEFAULT),
    }),
    answers: {
      found: answer(200, SearchResult),
      'insufficient-permissions': failure(403, 'insufficient-permissions', 'Guests cannot search'),
    },
  }),
}
