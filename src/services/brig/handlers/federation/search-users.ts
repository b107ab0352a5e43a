import type { Contact } from '#src/contract/federation/users.ts'
import { type Domain, Handle } from '#src/contract/ids.ts'
import { searchPolicyFor } from '../../federation-rules.ts'
import { searchTerm } from '../../handle-rules.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import { REMOTE_SEARCH_RESULTS_MAX } from '../../limits.ts'
import { contactOf } from '../../profiles.ts'
import { findUserByHandle, searchUsers as searchStored } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
  readonly known: KnownRemotes
}

export const searchUsers =
  ({ db, domain, known }: Needs): FederationHandler<'search-users'> =>
  async ({ term: typed, from, onlyInTeams, types }, { origin }) => {
    const searchPolicy = searchPolicyFor(await known.find(origin), from)
    const term = searchTerm(typed)
    // Our users are all regular and in no team, so a search among others finds nobody.
    const isElsewhere = onlyInTeams !== null || (types !== null && types.length > 0 && !types.includes('regular'))
    if (searchPolicy === 'no_search' || isElsewhere || term === '') return { contacts: [], searchPolicy }
    const contacts =
      searchPolicy === 'full_search' ? await searchFully(db, domain, term) : await searchByHandle(db, domain, term)
    return { contacts, searchPolicy }
  }

const searchFully = async (db: BrigDb, domain: Domain, term: string): Promise<Contact[]> => {
  const found = await searchStored(db, { term, size: REMOTE_SEARCH_RESULTS_MAX, except: undefined })
  return found.map((user) => contactOf(user, domain))
}

const searchByHandle = async (db: BrigDb, domain: Domain, term: string): Promise<Contact[]> => {
  const handle = Handle.safeParse(term)
  const user = handle.success ? await findUserByHandle(db, handle.data) : undefined
  return user?.status === 'active' ? [contactOf(user, domain)] : []
}
