/** SQL on access tokens that end before their time. */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { BrigDb, BrigTransaction } from './tables.ts'

export interface Revocation {
  readonly user: UserId
  /** Undefined for all tokens of the user. */
  readonly client: ClientId | undefined
  readonly at: Date
}

export const insertRevocation = async (tx: BrigTransaction, { user, client, at }: Revocation): Promise<void> => {
  await tx
    .insertInto('revocations')
    .values({ user_id: user, client_id: client ?? null, at })
    .execute()
}

/** The newest first; at most `limit`. */
export const findRevocations = async (db: BrigDb, since: Date, limit: number): Promise<Revocation[]> => {
  const rows = await db
    .selectFrom('revocations')
    .selectAll()
    .where('at', '>=', since)
    .orderBy('at', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ user_id: user, client_id: client, at }) => ({ user, client: client ?? undefined, at }))
}

export const deleteRevocationsBefore = async (db: BrigDb, before: Date): Promise<void> => {
  await db.deleteFrom('revocations').where('at', '<', before).execute()
}
