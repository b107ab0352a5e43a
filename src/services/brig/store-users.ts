/** SQL on users, their handles and settings. */
import { sql, type Insertable, type Selectable, type Updateable } from 'kysely'
import type { Handle, UserId } from '#src/contract/ids.ts'
import { INDEXED, writeSearchTexts } from './store-search-texts.ts'
import type { BrigDb, BrigTransaction, UsersTable } from './tables.ts'

export type User = Selectable<UsersTable>

/**
 * Serialises everything that must not happen to a user twice at once; always taken in the order of ids. Returns those
 * who are still there: who was found before may have been deleted since, and must get nothing new that nobody would
 * take away again.
 */
export const lockUsers = async (tx: BrigTransaction, ids: readonly UserId[]): Promise<ReadonlySet<UserId>> => {
  // Not `for update`, which would also hold up every insert that refers to the user.
  const rows = await tx
    .selectFrom('users')
    .select(['id', 'status'])
    .where('id', 'in', [...ids])
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  return new Set(rows.filter(({ status }) => status !== 'deleted').map(({ id }) => id))
}

/** Some of those whose time is over. */
export const findExpiredUsers = async (db: BrigDb, now: Date, limit: number): Promise<UserId[]> => {
  const rows = await db
    .selectFrom('users')
    .select('id')
    .where('expires_at', '<=', now)
    .where('status', '!=', 'deleted')
    .orderBy('expires_at')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** False when the e-mail address is taken. */
export const insertUser = async (tx: BrigTransaction, user: Insertable<UsersTable>): Promise<boolean> => {
  const inserted = await tx
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.column('email_key').doNothing())
    .returning(['id', ...INDEXED])
    .executeTakeFirst()
  if (!inserted) return false
  await writeSearchTexts(tx, [inserted])
  return true
}

export const findUser = (db: BrigDb, id: UserId): Promise<User | undefined> =>
  db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()

export const findUsers = async (db: BrigDb, ids: readonly UserId[]): Promise<User[]> => {
  if (ids.length === 0) return []
  return db
    .selectFrom('users')
    .selectAll()
    .where('id', '=', sql<UserId>`any(${ids}::uuid[])`)
    .execute()
}

export const findUserByEmail = (db: BrigDb, key: string): Promise<User | undefined> =>
  db.selectFrom('users').selectAll().where('email_key', '=', key).executeTakeFirst()

export const findUserByHandle = (db: BrigDb, handle: Handle): Promise<User | undefined> =>
  db.selectFrom('users').selectAll().where('handle', '=', handle).where('status', '!=', 'deleted').executeTakeFirst()

export const findUsersByHandles = (db: BrigDb, handles: readonly Handle[]): Promise<User[]> =>
  db
    .selectFrom('users')
    .selectAll()
    .where('handle', 'in', [...handles])
    .where('status', '!=', 'deleted')
    .execute()

/**
 * The only way in which users are changed, so that the search knows of every change that concerns it. Who is deleted
 * stays as he is.
 */
export const updateUser = async (tx: BrigTransaction, id: UserId, changes: Updateable<UsersTable>): Promise<void> => {
  const updated = await tx
    .updateTable('users')
    .set(changes)
    .where('id', '=', id)
    .where('status', '!=', 'deleted')
    .returning(['id', ...INDEXED])
    .executeTakeFirst()
  if (updated && INDEXED.some((column) => column in changes)) await writeSearchTexts(tx, [updated])
}

/** Those of the handles that somebody has. */
export const takenHandles = async (db: BrigDb, handles: readonly Handle[]): Promise<Set<Handle>> => {
  if (handles.length === 0) return new Set()
  const rows = await db
    .selectFrom('users')
    .select('handle')
    .where('handle', 'in', [...handles])
    .execute()
  return new Set(rows.flatMap(({ handle }) => handle ?? []))
}

export const findProperties = (db: BrigDb, user: UserId): Promise<{ key: string; value: string }[]> =>
  db.selectFrom('properties').select(['key', 'value']).where('user_id', '=', user).orderBy('key').execute()

export const findProperty = async (db: BrigDb, user: UserId, key: string): Promise<string | undefined> => {
  const row = await db
    .selectFrom('properties')
    .select('value')
    .where('user_id', '=', user)
    .where('key', '=', key)
    .executeTakeFirst()
  return row?.value
}

export const putProperty = async (
  db: BrigDb,
  user: UserId,
  { key, value }: { key: string; value: string },
): Promise<void> => {
  await db
    .insertInto('properties')
    .values({ user_id: user, key, value })
    .onConflict((conflict) => conflict.columns(['user_id', 'key']).doUpdateSet({ value }))
    .execute()
}

/** False when there was none. */
export const deleteProperty = async (db: BrigDb, user: UserId, key: string): Promise<boolean> => {
  const { numDeletedRows } = await db
    .deleteFrom('properties')
    .where('user_id', '=', user)
    .where('key', '=', key)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export const deleteProperties = async (db: BrigDb, user: UserId): Promise<void> => {
  await db.deleteFrom('properties').where('user_id', '=', user).execute()
}

/** SQLSTATE 23505: somebody else was first. Both drivers report it as `code`. */
export const isUniqueViolation = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === '23505'
