/** SQL on connections. */
import { sql, type Insertable, type Selectable } from 'kysely'
import type { Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { BrigDb, ConnectionsTable } from './tables.ts'

export type StoredConnection = Selectable<ConnectionsTable>

export const findConnection = (
  db: BrigDb,
  user: UserId,
  other: QualifiedUserId,
): Promise<StoredConnection | undefined> =>
  db
    .selectFrom('connections')
    .selectAll()
    .where('user_id', '=', user)
    .where('other_domain', '=', other.domain)
    .where('other_id', '=', other.id)
    .executeTakeFirst()

/** Inserts or replaces the one side. The user is locked, so nobody else writes it. */
export const putConnection = (db: BrigDb, connection: Insertable<ConnectionsTable>): Promise<StoredConnection> =>
  db
    .insertInto('connections')
    .values(connection)
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'other_domain', 'other_id']).doUpdateSet({
        status: connection.status,
        last_update: connection.last_update,
        revision: sql`connections.revision + 1`,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()

/** The other backend told of something that changes nothing here; who is changing this side must know nonetheless. */
export const noteHeard = async (db: BrigDb, user: UserId, other: QualifiedUserId): Promise<void> => {
  await db
    .updateTable('connections')
    .set({ revision: sql`revision + 1` })
    .where('user_id', '=', user)
    .where('other_domain', '=', other.domain)
    .where('other_id', '=', other.id)
    .execute()
}

/** How many of the user's connections count against the limit (rules.md §2.5). */
export const countConnections = async (db: BrigDb, user: UserId): Promise<number> => {
  const { count } = await db
    .selectFrom('connections')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('user_id', '=', user)
    .where('status', 'in', ['accepted', 'sent'])
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** How a user of ours stands with others. */
export const findConnectionsOf = async (
  db: BrigDb,
  user: UserId,
  others: readonly QualifiedUserId[],
): Promise<StoredConnection[]> => {
  if (others.length === 0) return []
  return db
    .selectFrom('connections')
    .innerJoin(
      sql<{ domain: Domain; id: UserId }>`json_to_recordset(${JSON.stringify(others)}::json)`.as<'wanted'>(
        sql`wanted(domain text, id uuid)`,
      ),
      (join) =>
        join.onRef('connections.other_domain', '=', 'wanted.domain').onRef('connections.other_id', '=', 'wanted.id'),
    )
    .selectAll('connections')
    .where('user_id', '=', user)
    .execute()
}

/** How users of ours stand with one other. */
export const findConnectionsTo = (
  db: BrigDb,
  other: QualifiedUserId,
  users: readonly UserId[],
): Promise<StoredConnection[]> =>
  db
    .selectFrom('connections')
    .selectAll()
    .where('other_domain', '=', other.domain)
    .where('other_id', '=', other.id)
    .where('user_id', '=', sql<UserId>`any(${users}::uuid[])`)
    .execute()

export interface WantedStatuses {
  readonly from: readonly UserId[]
  /** Everybody if undefined. */
  readonly to: readonly QualifiedUserId[] | undefined
  readonly status: StoredConnection['status'] | 'missing-legalhold-consent' | undefined
}

/** At most `limit`, in the order of both users. */
export const listStatuses = (
  db: BrigDb,
  { from, to, status }: WantedStatuses,
  limit: number,
): Promise<Pick<StoredConnection, 'user_id' | 'other_domain' | 'other_id' | 'status'>[]> => {
  let query = db
    .selectFrom('connections')
    .select(['user_id', 'other_domain', 'other_id', 'status'])
    .where('user_id', '=', sql<UserId>`any(${from}::uuid[])`)
    .orderBy('user_id')
    .orderBy('other_domain')
    .orderBy('other_id')
    .limit(limit)
  if (status !== undefined) query = query.where(sql<boolean>`status = ${status}`)
  if (to !== undefined) {
    const wanted = sql`select * from unnest(${to.map(({ domain }) => domain)}::text[], ${to.map(({ id }) => id)}::uuid[])`
    query = query.where(sql<boolean>`(other_domain, other_id) in (${wanted})`)
  }
  return query.execute()
}

/** Users of this backend who have accepted a connection with one of ours. */
export const findContacts = async (db: BrigDb, other: QualifiedUserId): Promise<UserId[]> => {
  const rows = await db
    .selectFrom('connections')
    .select('user_id')
    .where('other_domain', '=', other.domain)
    .where('other_id', '=', other.id)
    .where('status', '=', 'accepted')
    .execute()
  return rows.map((row) => row.user_id)
}

export interface ConnectionPage {
  /** The last connection of the page before. */
  readonly after: QualifiedUserId | undefined
  readonly size: number
}

/** In the order of pages: users of `ownDomain` first, then by domain and id. */
export const listConnections = (
  db: BrigDb,
  { user, ownDomain }: { readonly user: UserId; readonly ownDomain: Domain },
  { after, size }: ConnectionPage,
): Promise<StoredConnection[]> => {
  const isRemote = sql<boolean>`other_domain <> ${ownDomain}`
  let query = db
    .selectFrom('connections')
    .selectAll()
    .where('user_id', '=', user)
    .orderBy(isRemote)
    .orderBy('other_domain')
    .orderBy('other_id')
    .limit(size)
  if (after) {
    const last = sql`(${after.domain !== ownDomain}::boolean, ${after.domain}::text, ${after.id}::uuid)`
    query = query.where(sql<boolean>`(${isRemote}, other_domain, other_id) > ${last}`)
  }
  return query.execute()
}
