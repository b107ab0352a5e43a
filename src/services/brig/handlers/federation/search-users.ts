import type { Domain } from '#src/contract/ids.ts'
import { searchPolicyFor } from '../../federation-rules.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import { REMOTE_SEARCH_RESULTS_MAX } from '../../limits.ts'
import { searchForRemote } from '../../search.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
  readonly known: KnownRemotes
}

export const searchUsers =
  (needs: Needs): FederationHandler<'search-users'> =>
  async ({ term: typed, from, onlyInTeams, types }, { origin }) => {
    const searchPolicy = searchPolicyFor(await needs.known.find(origin), from)
    // Our users are all regular, so a search among others finds nobody.
    const isForOthers = types !== null && types.length > 0 && !types.includes('regular')
    if (isForOthers) return { contacts: [], searchPolicy }
    const search = { typed, policy: searchPolicy, onlyInTeams, size: REMOTE_SEARCH_RESULTS_MAX }
    return { contacts: await searchForRemote(needs, search), searchPolicy }
  }
