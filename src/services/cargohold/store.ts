/** The only SQL of cargohold: what is known of assets. Their bytes are in a `ByteStore`. Tables: `migrations/`. */
import { type Kysely, sql } from 'kysely'
import type { UserId } from '#src/contract/ids.ts'
import type { AssetId } from './retention.ts'

export interface AssetRecord {
  readonly id: AssetId
  readonly digit: number
  readonly owner: UserId
  /** SHA-256; undefined: public. */
  readonly tokenHash: Uint8Array | undefined
  readonly bytes: number
  readonly expiresAt: Date | undefined
}

export interface CargoholdStore {
  /** Before the first byte is kept. */
  begin(asset: AssetRecord, now: Date): Promise<void>
  /** All bytes are kept. False when it took so long that the sweeper has given it up. */
  settle(id: AssetId): Promise<boolean>
  /** Assets that can be had: complete, neither expired nor deleted. */
  find(id: AssetId, now: Date): Promise<AssetRecord | undefined>
  setToken(id: AssetId, hash: Uint8Array | undefined): Promise<void>
  /** From now on nobody can have it; its bytes can go. */
  leave(id: AssetId): Promise<void>
  /** Its bytes are gone. */
  forget(ids: readonly AssetId[]): Promise<void>
  /** Lets those leave whose time is over, so many at once, and says which. */
  expire(now: Date, limit: number): Promise<AssetId[]>
  /** Lets those leave that have been arriving since before then. */
  giveUp(before: Date, limit: number): Promise<AssetId[]>
  /** Those that were leaving when somebody stopped in the middle. */
  leaving(before: Date, limit: number): Promise<AssetId[]>
}

interface Row {
  readonly id: AssetId
  readonly retention: number
  readonly owner: UserId
  readonly token_hash: Buffer | null
  readonly bytes: string | number | bigint
  readonly expires_at: Date | null
}

export const cargoholdStore = (db: Kysely<unknown>): CargoholdStore => ({
  begin: async ({ id, digit, owner, tokenHash, bytes, expiresAt }, now) => {
    await sql`
      insert into cargohold.assets (id, retention, owner, token_hash, bytes, state, created_at, expires_at)
      values (${id}, ${digit}, ${owner}, ${bufferOrNull(tokenHash)}, ${bytes}, 'arriving', ${now}::timestamptz,
        ${expiresAt ?? null}::timestamptz)`.execute(db)
  },
  settle: async (id) => {
    const { numAffectedRows } = await sql`
      update cargohold.assets set state = 'there' where id = ${id} and state = 'arriving'`.execute(db)
    return numAffectedRows === 1n
  },
  find: async (id, now) => {
    const { rows } = await sql<Row>`
      select id, retention, owner, token_hash, bytes, expires_at from cargohold.assets
      where id = ${id} and state = 'there' and (expires_at is null or expires_at > ${now}::timestamptz)`.execute(db)
    return rows[0] && recordOf(rows[0])
  },
  setToken: async (id, hash) => {
    await sql`update cargohold.assets set token_hash = ${bufferOrNull(hash)} where id = ${id}`.execute(db)
  },
  leave: async (id) => {
    await sql`update cargohold.assets set state = 'leaving' where id = ${id}`.execute(db)
  },
  forget: async (ids) => {
    await sql`delete from cargohold.assets where id = any(${ids}::uuid[]) and state = 'leaving'`.execute(db)
  },
  expire: (now, limit) =>
    letLeave(db, sql`state = 'there' and expires_at <= ${now}::timestamptz order by expires_at`, limit),
  giveUp: (before, limit) =>
    letLeave(db, sql`state = 'arriving' and created_at < ${before}::timestamptz order by created_at`, limit),
  leaving: async (before, limit) => {
    const { rows } = await sql<{ id: AssetId }>`
      select id from cargohold.assets where state = 'leaving' and created_at < ${before}::timestamptz
      order by created_at limit ${limit}`.execute(db)
    return rows.map(({ id }) => id)
  },
})

const letLeave = async (db: Kysely<unknown>, which: ReturnType<typeof sql>, limit: number): Promise<AssetId[]> => {
  const { rows } = await sql<{ id: AssetId }>`
    update cargohold.assets set state = 'leaving' where id = any(array(
      select id from cargohold.assets where ${which} limit ${limit})) returning id`.execute(db)
  return rows.map(({ id }) => id)
}

const recordOf = ({ id, retention, owner, token_hash: hash, bytes, expires_at: expiresAt }: Row): AssetRecord => ({
  id,
  digit: retention,
  owner,
  tokenHash: hash ?? undefined,
  bytes: Number(bytes),
  expiresAt: expiresAt ?? undefined,
})

const bufferOrNull = (bytes: Uint8Array | undefined): Buffer | null => (bytes ? Buffer.from(bytes) : null)
