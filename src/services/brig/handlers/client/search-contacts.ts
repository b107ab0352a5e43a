import type { SearchResult } from '#src/contract/client/brig-users.ts'
import type { SearchRequest } from '#src/contract/federation/brig.ts'
import type { Contact } from '#src/contract/federation/users.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { SearchPolicy } from '#src/contract/vocabulary.ts'
import { userOf } from '../../callers.ts'
import { searchableTeams } from '../../federation-rules.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import type { OtherBackends } from '../../other-backends.ts'
import { isVerified } from '../../profiles.ts'
import { searchHere } from '../../search.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
  readonly others: OtherBackends
  readonly known: KnownRemotes
}

export const searchContacts =
  (needs: Needs): ClientHandler<'search-contacts'> =>
  async ({ query: { q, size, domain = needs.domain } }, { caller, requestId }) => {
    const user = await userOf(needs.db, caller)
    if (!isVerified(user) || user.team_role === 'partner') return { outcome: 'insufficient-permissions' }
    if (domain === needs.domain) {
      return { outcome: 'found', body: result(await searchHere(needs, user, { typed: q, size }), 'full_search') }
    }
    const teams = searchableTeams(await needs.known.find(domain))
    const request: SearchRequest = { term: q.trim().toLowerCase(), from: user.team_id, onlyInTeams: teams, types: null }
    const { contacts, searchPolicy } = await needs.others.search(domain, request, { requestId })
    return { outcome: 'found', body: result(contacts.slice(0, size), searchPolicy) }
  }

/** A hit by handle may come again among those by name (federation-api.md §6.4). */
const result = (contacts: readonly Contact[], search_policy: SearchPolicy): SearchResult => {
  const once = [...new Map(contacts.map((contact) => [contact.id, contact])).values()]
  const documents = once.map(({ id, qualified_id, name, handle, accent_id, team }) => ({
    id,
    qualified_id,
    name,
    handle,
    accent_id,
    team,
  }))
  return { documents, found: documents.length, returned: documents.length, took: 0, search_policy }
}
