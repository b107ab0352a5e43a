/** SQL on sessions, and the keys that tokens are signed with. */
import { sql, type Selectable } from 'kysely'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Session } from './session-rules.ts'
import type { BrigDb, BrigTransaction, CookiesTable, SigningKeysTable } from './tables.ts'
import type { StoredKey } from './token-keys.ts'

const sessionOf = (row: Selectable<CookiesTable>): Session => ({
  user: row.user_id,
  id: Number(row.id),
  type: row.type,
  label: row.label,
  client: row.client_id ?? undefined,
  successor: row.successor === null ? undefined : Number(row.successor),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

export const insertSession = async (db: BrigDb, session: Session): Promise<void> => {
  await db
    .insertInto('cookies')
    .values({
      user_id: session.user,
      id: session.id,
      type: session.type,
      label: session.label,
      client_id: session.client ?? null,
      successor: session.successor ?? null,
      created_at: session.createdAt,
      expires_at: session.expiresAt,
    })
    .execute()
}

/** Of a user, expired ones included. */
export const findSessions = async (db: BrigDb, user: UserId): Promise<Session[]> => {
  const rows = await db.selectFrom('cookies').selectAll().where('user_id', '=', user).orderBy('created_at').execute()
  return rows.map(sessionOf)
}

export const findSession = async (db: BrigDb, user: UserId, id: number): Promise<Session | undefined> => {
  const row = await db
    .selectFrom('cookies')
    .selectAll()
    .where('user_id', '=', user)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && sessionOf(row)
}

export const deleteSessions = async (db: BrigDb, user: UserId, ids: readonly number[]): Promise<void> => {
  if (ids.length === 0) return
  await db
    .deleteFrom('cookies')
    .where('user_id', '=', user)
    .where('id', 'in', [...ids])
    .execute()
}

/** Sessions that ended by themselves; called where new ones begin, so that they do not pile up. */
export const deleteExpiredSessions = async (db: BrigDb, user: UserId, now: Date): Promise<void> => {
  await db.deleteFrom('cookies').where('user_id', '=', user).where('expires_at', '<=', now).execute()
}

export const deleteSessionsByLabel = async (db: BrigDb, user: UserId, label: string): Promise<void> => {
  await db.deleteFrom('cookies').where('user_id', '=', user).where('label', '=', label).execute()
}

export const deleteAllSessions = async (db: BrigDb, user: UserId): Promise<void> => {
  await db.deleteFrom('cookies').where('user_id', '=', user).execute()
}

/** What a removed device was logged in with: sessions bound to it, and those with the label it named. */
export const deleteSessionsOfDevice = async (
  db: BrigDb,
  user: UserId,
  { client, label }: { readonly client: ClientId; readonly label: string | null },
): Promise<void> => {
  await db
    .deleteFrom('cookies')
    .where('user_id', '=', user)
    .where((cookie) =>
      cookie.or([cookie('client_id', '=', client), ...(label === null ? [] : [cookie('label', '=', label)])]),
    )
    .execute()
}

/** For a device that made way for another one in the same session. */
export const unbindSessions = async (db: BrigDb, user: UserId, client: ClientId): Promise<void> => {
  await db
    .updateTable('cookies')
    .set({ client_id: null })
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .execute()
}

export const bindSession = async (db: BrigDb, session: Session, client: ClientId): Promise<void> => {
  await db
    .updateTable('cookies')
    .set({ client_id: client })
    .where('user_id', '=', session.user)
    .where('id', '=', session.id)
    .execute()
}

export const supersedeSession = async (
  db: BrigDb,
  session: Session,
  { successor, until }: { readonly successor: number; readonly until: Date },
): Promise<void> => {
  await db
    .updateTable('cookies')
    .set({ successor, expires_at: until })
    .where('user_id', '=', session.user)
    .where('id', '=', session.id)
    .execute()
}

/**
 * The keys for a purpose, with `fresh` as the first if there was none. Several processes may start at once: whichever
 * stores its key first, all of them use that one.
 */
export const keysFor = async (
  tx: BrigTransaction,
  purpose: SigningKeysTable['purpose'],
  fresh: { readonly privateKey: Uint8Array; readonly now: Date },
): Promise<StoredKey[]> => {
  const anyKey = await tx.selectFrom('signing_keys').select('index').where('purpose', '=', purpose).executeTakeFirst()
  if (!anyKey) {
    await tx
      .insertInto('signing_keys')
      .values({ purpose, index: 1, private_key: fresh.privateKey, created_at: fresh.now })
      .onConflict((conflict) => conflict.columns(['purpose', 'index']).doNothing())
      .execute()
  }
  const rows = await tx
    .selectFrom('signing_keys')
    .select(['index', 'private_key', 'created_at'])
    .where('purpose', '=', purpose)
    .orderBy('index')
    .execute()
  return rows.map(({ index, private_key: privateKey, created_at: createdAt }) => ({ index, privateKey, createdAt }))
}

/** A key more, with the next index. Those that nothing can be signed with any more that is still good are forgotten. */
export const addKey = async (
  tx: BrigTransaction,
  purpose: SigningKeysTable['purpose'],
  {
    privateKey,
    now,
    retiredBefore,
  }: { readonly privateKey: Uint8Array; readonly now: Date; readonly retiredBefore: Date },
): Promise<number> => {
  // Two who add a key at the same time would take the same index.
  await sql`lock table brig.signing_keys in share row exclusive mode`.execute(tx)
  const rows = await tx
    .selectFrom('signing_keys')
    .select(['index', 'created_at'])
    .where('purpose', '=', purpose)
    .orderBy('index')
    .execute()
  const retired = rows.filter((_row, place) => (rows[place + 1]?.created_at ?? now) < retiredBefore)
  for (const { index } of retired) {
    await tx.deleteFrom('signing_keys').where('purpose', '=', purpose).where('index', '=', index).execute()
  }
  const index = (rows.at(-1)?.index ?? 0) + 1
  await tx.insertInto('signing_keys').values({ purpose, index, private_key: privateKey, created_at: now }).execute()
  return index
}
