/** Who may find whom (rules.md §11, federation-api.md §6.4). */
import type { Contact } from '#src/contract/federation/users.ts'
import type { Domain, TeamId } from '#src/contract/ids.ts'
import type { SearchPolicy } from '#src/contract/vocabulary.ts'
import { contactOf } from './profiles.ts'
import { searchTerm } from './search-texts.ts'
import { findByExactHandle, type SearchScope, searchUsers } from './store-search.ts'
import { findTeam } from './store-teams.ts'
import type { User } from './store-users.ts'
import type { BrigDb } from './tables.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

/** What a user of ours finds on this backend. */
export const searchHere = async (
  { db, domain }: Needs,
  searcher: User,
  { typed, size }: { readonly typed: string; readonly size: number },
): Promise<Contact[]> => {
  const term = searchTerm(typed)
  if (!term) return []
  const scopes = await scopesOf(db, searcher)
  const found = await searchUsers(db, { term, handleOfTeams: null, scopes, size, except: searcher.id })
  return found.map((user) => contactOf(user, domain))
}

/** Own team first. Members of other teams are shown to members of teams only, and only if their team wants it. */
const scopesOf = async (db: BrigDb, { team_id: id }: User): Promise<SearchScope[]> => {
  if (id === null) return [{ of: 'teamless' }]
  const team = await findTeam(db, id)
  const own: SearchScope = { of: 'team', team: id }
  return team?.search_visibility === 'no-name-outside-team' ? [own] : [own, { of: 'teamless' }, { of: 'inbound' }]
}

export interface RemoteSearch {
  readonly typed: string
  readonly policy: SearchPolicy
  /** The searching backend's restriction to teams of ours. */
  readonly onlyInTeams: readonly TeamId[] | null
  readonly size: number
}

/** What somebody of another backend finds here. */
export const searchForRemote = async (
  { db, domain }: Needs,
  { typed, policy, onlyInTeams, size }: RemoteSearch,
): Promise<Contact[]> => {
  const term = searchTerm(typed)
  if (!term || policy === 'no_search' || onlyInTeams?.length === 0) return []
  if (policy === 'exact_handle_search') {
    const user = await findByExactHandle(db, term.handle, onlyInTeams)
    return user ? [contactOf(user, domain)] : []
  }
  const scopes: SearchScope[] = onlyInTeams
    ? [{ of: 'inbound-teams', teams: onlyInTeams }]
    : [{ of: 'teamless' }, { of: 'inbound' }]
  const found = await searchUsers(db, { term, handleOfTeams: onlyInTeams, scopes, size, except: undefined })
  return found.map((user) => contactOf(user, domain))
}
