/** SQL of which notifications of other backends were carried out. */
import { type Kysely, sql } from 'kysely'

export const heardStore = (db: Kysely<unknown>) => ({
  /** False when it was carried out before; then the caller changes nothing. */
  rememberHeard: async (key: Uint8Array, now: Date): Promise<boolean> => {
    const { rows } = await sql`
      insert into galley.heard (key, at) values (${Buffer.from(key)}, ${now}::timestamptz)
      on conflict do nothing returning at`.execute(db)
    return rows.length > 0
  },

  /** How many went. */
  forgetHeardBefore: async (before: Date, limit: number): Promise<number> => {
    const { numAffectedRows } = await sql`
      delete from galley.heard where key = any(array(
        select key from galley.heard where at < ${before}::timestamptz order by at limit ${limit}))`.execute(db)
    return Number(numAffectedRows ?? 0n)
  },
})

export type HeardStore = ReturnType<typeof heardStore>
