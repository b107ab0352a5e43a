import type { brigClient } from '#src/contract/client/brig.ts'
import type { UserProfile } from '#src/contract/federation/users.ts'
import type { Domain, Handle, QualifiedUserId } from '#src/contract/ids.ts'
import type { InputOf } from '#src/kit/endpoint.ts'
import type { CallContext } from '#src/rpc/remote-backends.ts'
import { askEach, byDomain } from '../../other-backends.ts'
import { findProfileByHandle, findProfiles, type ProfileNeeds } from '../../profile-lookup.ts'
import type { ClientHandler } from '../handler.ts'

interface Listed {
  readonly found: UserProfile[]
  /** Only of those asked for by id; who has a handle there is not known. */
  readonly failed: QualifiedUserId[]
}

type Body = InputOf<(typeof brigClient)['list-users']>['body']

/** Never fails because of another backend, in no version: 27.x misreads what it would get then (client-users.md §3). */
export const listUsers =
  (needs: ProfileNeeds): ClientHandler<'list-users'> =>
  async ({ body }, { apiVersion, requestId }) => {
    const { found, failed } = await list(needs, body, { requestId })
    if (apiVersion < 4) return { outcome: 'listed-bare', body: found }
    return { outcome: 'listed', body: { found, ...(failed.length > 0 && { failed }) } }
  }

const list = async (needs: ProfileNeeds, body: Body, context: CallContext): Promise<Listed> =>
  body.qualified_handles
    ? listByHandles(needs, body.qualified_handles, context)
    : listByIds(needs, body.qualified_ids ?? [], context)

const listByIds = async (
  needs: ProfileNeeds,
  ids: readonly QualifiedUserId[],
  context: CallContext,
): Promise<Listed> => {
  const wanted = byDomain(ids)
  const { answers, failed } = await askEach([...wanted.keys()], context, (domain, limited) =>
    findProfiles(needs, { domain, users: wanted.get(domain) ?? [] }, limited),
  )
  return {
    found: [...answers.values()].flat(),
    failed: failed.flatMap((domain) => (wanted.get(domain) ?? []).map((id) => ({ domain, id }))),
  }
}

const listByHandles = async (
  needs: ProfileNeeds,
  handles: readonly { readonly domain: Domain; readonly handle: Handle }[],
  context: CallContext,
): Promise<Listed> => {
  const wanted = Map.groupBy(handles, ({ domain }) => domain)
  const { answers } = await askEach([...wanted.keys()], context, (domain, limited) =>
    Promise.all(
      (wanted.get(domain) ?? []).map(({ handle }) => findProfileByHandle(needs, { domain, handle }, limited)),
    ),
  )
  return { found: [...answers.values()].flat().filter((profile) => profile !== undefined), failed: [] }
}
