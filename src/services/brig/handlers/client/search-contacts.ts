import type { SearchResult } from '#src/contract/client/brig-users.ts'
import type { Contact } from '#src/contract/federation/users.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { SearchPolicy } from '#src/contract/vocabulary.ts'
import { userOf } from '../../callers.ts'
import { searchableTeams } from '../../federation-rules.ts'
import { searchTerm } from '../../handle-rules.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import type { OtherBackends } from '../../other-backends.ts'
import { contactOf, isVerified } from '../../profiles.ts'
import { searchUsers } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
  readonly others: OtherBackends
  readonly known: KnownRemotes
}

export const searchContacts =
  ({ db, domain, others, known }: Needs): ClientHandler<'search-contacts'> =>
  async ({ query }, { caller, requestId }) => {
    const user = await userOf(db, caller)
    if (!isVerified(user)) return { outcome: 'insufficient-permissions' }
    const term = searchTerm(query.q)
    const { domain: asked = domain } = query
    if (asked === domain) {
      const found = term === '' ? [] : await searchUsers(db, { term, size: query.size, except: user.id })
      return {
        outcome: 'found',
        body: result(
          found.map((hit) => contactOf(hit, domain)),
          'full_search',
        ),
      }
    }
    const request = { term, from: null, onlyInTeams: searchableTeams(await known.find(asked)), types: null }
    const { contacts, searchPolicy } = await others.search(asked, request, { requestId })
    return { outcome: 'found', body: result(contacts.slice(0, query.size), searchPolicy) }
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
