/** SQL on codes that were mailed. */
import type { Insertable, Selectable } from 'kysely'
import type { UserId } from '#src/contract/ids.ts'
import type { BrigDb, BrigTransaction, CodesTable } from './tables.ts'

export type StoredCode = Selectable<CodesTable>

/** Replaces the one there was, with its attempts. */
export const putCode = async (db: BrigDb, code: Insertable<CodesTable>): Promise<void> => {
  const { purpose: _purpose, key: _key, ...columns } = code
  await db
    .insertInto('codes')
    .values(code)
    .onConflict((conflict) => conflict.columns(['purpose', 'key']).doUpdateSet({ ...columns, attempts: 0 }))
    .execute()
}

export interface CodeName {
  readonly purpose: StoredCode['purpose']
  readonly key: string
}

/** Locked until the end of the transaction: guesses come one after the other. */
export const lockCode = (tx: BrigTransaction, { purpose, key }: CodeName, now: Date): Promise<StoredCode | undefined> =>
  tx
    .selectFrom('codes')
    .selectAll()
    .where('purpose', '=', purpose)
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .forUpdate()
    .executeTakeFirst()

export const addAttempt = async (db: BrigDb, { purpose, key }: CodeName): Promise<void> => {
  await db
    .updateTable('codes')
    .set((code) => ({ attempts: code('attempts', '+', 1) }))
    .where('purpose', '=', purpose)
    .where('key', '=', key)
    .execute()
}

/** False when it was gone, or replaced by another. */
export const deleteCode = async (
  db: BrigDb,
  { purpose, key, code_hash: hash }: Pick<StoredCode, 'purpose' | 'key' | 'code_hash'>,
): Promise<boolean> => {
  const deleted = await db
    .deleteFrom('codes')
    .where('purpose', '=', purpose)
    .where('key', '=', key)
    .where('code_hash', '=', hash)
    .returning('key')
    .executeTakeFirst()
  return deleted !== undefined
}

export const findCodeOf = (
  db: BrigDb,
  user: UserId,
  { purpose, now }: { readonly purpose: StoredCode['purpose']; readonly now: Date },
): Promise<StoredCode | undefined> =>
  db
    .selectFrom('codes')
    .selectAll()
    .where('user_id', '=', user)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .executeTakeFirst()

export const findActivation = (db: BrigDb, emailKey: string, now: Date): Promise<StoredCode | undefined> =>
  db
    .selectFrom('codes')
    .selectAll()
    .where('purpose', '=', 'activation')
    .where('email_key', '=', emailKey)
    .where('expires_at', '>', now)
    .executeTakeFirst()

export const deleteCodesOf = async (
  db: BrigDb,
  user: UserId,
  ...purposes: readonly StoredCode['purpose'][]
): Promise<void> => {
  await db.deleteFrom('codes').where('user_id', '=', user).where('purpose', 'in', purposes).execute()
}

/** Codes that ran out; called where new ones are made, so that they do not pile up. */
export const deleteExpiredCodes = async (db: BrigDb, now: Date): Promise<void> => {
  await db.deleteFrom('codes').where('expires_at', '<=', now).execute()
}
