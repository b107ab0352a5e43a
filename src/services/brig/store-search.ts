/**
 * SQL of the search. A search reads, for each group of people whom the searcher may see, so many entries of an index in
 * order as can be needed and not one more, whatever the number of users and whatever was typed.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Handle, TeamId, UserId } from '#src/contract/ids.ts'
import { PREPARED_MARK } from '#src/storage/prepared.ts'
import { SEARCH_CANDIDATES_MAX, SEARCH_TEXTS_PER_USER_MAX } from './limits.ts'
import { endOfPrefix, type SearchTerm } from './search-texts.ts'
import type { BrigDb, UsersTable } from './tables.ts'

/** Planning takes longer than searching; the forms that it has are few: scopes and numbers of words. */
const PREPARED = sql.raw(PREPARED_MARK)

export type FoundUser = Pick<UsersTable, 'id' | 'name' | 'handle' | 'accent_id' | 'team_id'>

/** Groups of people, each found by the beginning of name and handle; earlier ones are shown first. */
export type SearchScope =
  | { readonly of: 'team'; readonly team: TeamId }
  | { readonly of: 'teamless' }
  /** Members of teams that let strangers find their members. */
  | { readonly of: 'inbound' }
  /** The same, of these teams only. */
  | { readonly of: 'inbound-teams'; readonly teams: readonly TeamId[] }

export interface SearchQuery {
  readonly term: SearchTerm
  /** Whose exact handle it is comes first, whatever the scopes; of these teams only, unless `null`. */
  readonly handleOfTeams: readonly TeamId[] | null
  readonly scopes: readonly SearchScope[]
  readonly size: number
  readonly except: UserId | undefined
}

/**
 * Who is found by several words in any order comes after all others, and costs many times as much to find: looked for
 * only when the others are too few.
 */
export const searchUsers = async (db: BrigDb, query: SearchQuery): Promise<FoundUser[]> => {
  const direct = await bestOf(db, query, directSources(query))
  if (direct.length >= query.size || query.term.words.length <= 1) return direct
  return bestOf(db, query, [...directSources(query), ...anyOrderSources(query)])
}

const bestOf = async (db: BrigDb, { size, except }: SearchQuery, sources: readonly Source[]): Promise<FoundUser[]> => {
  if (sources.length === 0) return []
  const { rows } = await sql<FoundUser>`${PREPARED}
    with hits as (${sql.join(sources, sql` union all `)}),
    best as (
      select user_id, min(rank) as rank, min(text) as text from hits
      where user_id is distinct from ${except ?? null}::uuid
      group by user_id
      order by 2, 3, 1
      limit ${size + 1}
    )
    select users.id, users.name, users.handle, users.accent_id, users.team_id
    from best join brig.users on users.id = best.user_id
    where users.status = 'active' and users.is_searchable
    order by best.rank, best.text, best.user_id
    limit ${size}`.execute(db)
  return rows
}

/** The user with exactly this handle, unless he is hidden; of these teams only, unless `null`. */
export const findByExactHandle = async (
  db: BrigDb,
  handle: Handle | undefined,
  teams: readonly TeamId[] | null,
): Promise<FoundUser | undefined> => {
  if (handle === undefined) return undefined
  let query = db
    .selectFrom('users')
    .select(['id', 'name', 'handle', 'accent_id', 'team_id'])
    .where('handle', '=', handle)
    .where('status', '=', 'active')
    .where('is_searchable', '=', true)
  if (teams) query = query.where('team_id', '=', sql<TeamId>`any(${teams}::uuid[])`)
  return query.executeTakeFirst()
}

type Source = RawBuilder<unknown>

/** `(user_id, rank, text)`; the lowest rank of a user counts. */
const directSources = ({ term, handleOfTeams, scopes, size }: SearchQuery): Source[] => [
  ...(term.handle === undefined ? [] : [byHandle(term.handle, handleOfTeams)]),
  ...scopes.map((scope, index) => ranked(index + 1, entriesOf(scope, term.text, entriesFor(size)))),
]

/** Ranked after the direct ones. */
const anyOrderSources = ({ term, scopes, size }: SearchQuery): Source[] =>
  scopes.map((scope, index) => ranked(scopes.length + index + 1, byAllWords(scope, term.words, entriesFor(size))))

/** Of one user there are so many entries at most, so this many are of enough different ones; one may be the searcher. */
const entriesFor = (size: number): number => (size + 2) * SEARCH_TEXTS_PER_USER_MAX

const byHandle = (handle: Handle, teams: readonly TeamId[] | null): Source => sql`
  (select id as user_id, 0 as rank, '' collate "C" as text from brig.users
   where handle = ${handle} and status <> 'deleted' ${teams ? sql`and team_id = any(${teams}::uuid[])` : sql``})`

const ranked = (rank: number, entries: Source): Source =>
  sql`(select user_id, ${sql.lit(rank)} as rank, text from ${entries} as entries)`

/** `(user_id, text)` of those in the scope whose text begins so, in the order of texts. */
const entriesOf = (scope: SearchScope, prefix: string, limit: number): Source => {
  const ordered = (where: Source): Source => sql`
    (select user_id, text from brig.search_texts
     where ${where} and text >= ${prefix} and text < ${endOfPrefix(prefix)}
     order by text, user_id limit ${limit})`
  switch (scope.of) {
    case 'team':
      return ordered(sql`team_id = ${scope.team}`)
    case 'teamless':
      return ordered(sql`team_id is null`)
    case 'inbound':
      return ordered(sql`is_inbound_searchable`)
    case 'inbound-teams':
      // Team by team, because only within one the index has the order.
      return sql`
        (select found.user_id, found.text from brig.teams
         cross join lateral ${ordered(sql`team_id = teams.id`)} as found
         where teams.id = any(${scope.teams}::uuid[]) and teams.is_inbound_searchable
         order by found.text, found.user_id limit ${limit})`
    default:
      return scope satisfies never
  }
}

/** "al smi" is Alex Smith: people with the longest word are tried against the others, a bounded number of them. */
const byAllWords = (scope: SearchScope, words: readonly string[], limit: number): Source => {
  const [longest = '', ...others] = words
  const hasOther = (word: string): Source => sql`exists (
    select from brig.search_texts as other
    where other.user_id = candidates.user_id and other.text >= ${word} and other.text < ${endOfPrefix(word)})`
  return sql`
    (select user_id, text from ${entriesOf(scope, longest, SEARCH_CANDIDATES_MAX)} as candidates
     where ${sql.join(others.map(hasOther), sql` and `)} limit ${limit})`
}
