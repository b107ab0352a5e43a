import type { Domain } from '#src/contract/ids.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import { publicProfile } from '../../profiles.ts'
import { findUserByHandle } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
  readonly known: KnownRemotes
}

/** The search policy decides, but not its restriction to teams: the request names none (federation-api.md §6.1). */
export const getUserByHandle =
  ({ db, domain, known }: Needs): FederationHandler<'get-user-by-handle'> =>
  async (handle, { origin }) => {
    const remote = await known.find(origin)
    if (!remote || remote.search_policy === 'no_search') return null
    const user = await findUserByHandle(db, handle)
    return user ? publicProfile(user, domain) : null
  }
