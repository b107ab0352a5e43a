/** SQL on the index of the search: which texts lead to whom. */
import { type Selectable, sql } from 'kysely'
import type { TeamId, UserId } from '#src/contract/ids.ts'
import { SEARCH_FORM, searchTexts } from './search-texts.ts'
import type { BrigDb, BrigTransaction, UsersTable } from './tables.ts'

type Indexed = Pick<Selectable<UsersTable>, 'id' | 'name' | 'handle' | 'status' | 'is_searchable' | 'team_id'>

/** What of a user decides how, and whether, he is found. */
export const INDEXED = ['name', 'handle', 'status', 'is_searchable', 'team_id'] as const satisfies (keyof Indexed)[]

/** Part of the transaction that changes the users, whose rows it has locked by that. */
export const writeSearchTexts = async (tx: BrigTransaction, users: readonly Indexed[]): Promise<void> => {
  if (users.length === 0) return
  const findable = users.filter((user) => user.status === 'active' && user.is_searchable)
  const inbound = await inboundTeams(tx, findable)
  await tx
    .deleteFrom('search_texts')
    .where('user_id', '=', sql<UserId>`any(${users.map(({ id }) => id)}::uuid[])`)
    .execute()
  const rows = findable.flatMap((user) =>
    searchTexts(user).map((text) => ({
      user_id: user.id,
      text,
      team_id: user.team_id,
      is_inbound_searchable: user.team_id !== null && inbound.has(user.team_id),
    })),
  )
  if (rows.length === 0) return
  // As JSON, because a statement takes fewer parameters than a batch of users has values.
  await sql`
    insert into brig.search_texts (user_id, text, team_id, is_inbound_searchable)
    select * from json_to_recordset(${JSON.stringify(rows)}::json)
    as rows(user_id uuid, text text, team_id uuid, is_inbound_searchable boolean)`.execute(tx)
}

/** Those of the users' teams that let strangers find their members, and will until this transaction is over. */
const inboundTeams = async (tx: BrigTransaction, users: readonly Indexed[]): Promise<Set<TeamId>> => {
  const ids = [...new Set(users.flatMap(({ team_id: team }) => team ?? []))].toSorted()
  if (ids.length === 0) return new Set()
  for (const id of ids) await sql`select pg_advisory_xact_lock_shared(${keyOf(id)})`.execute(tx)
  const teams = await tx
    .selectFrom('teams')
    .select('id')
    .where('id', '=', sql<TeamId>`any(${ids}::uuid[])`)
    .where('is_inbound_searchable', '=', true)
    .execute()
  return new Set(teams.map(({ id }) => id))
}

/** When a team has changed whether strangers find its members; part of the transaction that changed it. */
export const updateInboundSearch = async (tx: BrigTransaction, team: TeamId, isInbound: boolean): Promise<void> => {
  // Waits for those who have read the former value and are about to write it into rows that are not there yet.
  await sql`select pg_advisory_xact_lock(${keyOf(team)})`.execute(tx)
  await tx
    .updateTable('search_texts')
    .set({ is_inbound_searchable: isInbound })
    .where('team_id', '=', team)
    .where('is_inbound_searchable', '!=', isInbound)
    .execute()
}

/**
 * Of a lock of its own and not of the team's row: who changes members locks team and user in that order, and who changes
 * a user comes here when he has the user.
 */
const keyOf = (team: TeamId) => sql`hashtextextended(${`search ${team}`}, 0)`

/** Once at every start; says whether users are left who have no texts of the present form. */
export const beginSearchProgress = async (db: BrigDb): Promise<{ readonly isComplete: boolean }> => {
  await db
    .insertInto('search_progress')
    .values({ form: SEARCH_FORM, after: null, is_complete: false })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { is_complete: isComplete } = await db
    .selectFrom('search_progress')
    .select('is_complete')
    .where('form', '=', SEARCH_FORM)
    .executeTakeFirstOrThrow()
  return { isComplete }
}

/**
 * The next users in the order of ids. Several processes may do this at once: each waits for the row of the progress and
 * goes on where the other has come. Who changes a user meanwhile waits, or has waited for, the same lock of his row.
 */
export const writeNextSearchTexts = async (tx: BrigTransaction, size: number): Promise<{ isComplete: boolean }> => {
  const { after, is_complete: isComplete } = await tx
    .selectFrom('search_progress')
    .selectAll()
    .where('form', '=', SEARCH_FORM)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (isComplete) return { isComplete }
  let query = tx
    .selectFrom('users')
    .select(['id', ...INDEXED])
    .orderBy('id')
    .limit(size)
    .forNoKeyUpdate()
  if (after !== null) query = query.where('id', '>', after)
  const users = await query.execute()
  await writeSearchTexts(tx, users)
  const last = users.at(-1)
  const progress = { is_complete: users.length < size, ...(last && { after: last.id }) }
  await tx.updateTable('search_progress').set(progress).where('form', '=', SEARCH_FORM).execute()
  return { isComplete: progress.is_complete }
}
