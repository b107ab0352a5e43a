/** SQL of which promises about devices still count (docs/decisions/device-promises.md). */
import { type Kysely, sql } from 'kysely'
import type { Domain } from '#src/contract/ids.ts'
import { PREPARED_MARK } from '#src/storage/prepared.ts'

const PREPARED = sql.raw(PREPARED_MARK)

export const generationStore = (db: Kysely<unknown>) => {
  const present = async (domain: Domain): Promise<number | undefined> => {
    const { rows } = await sql<{ generation: string | number }>`${PREPARED}
      select generation from galley.device_generations where domain = ${domain}`.execute(db)
    return rows[0] && Number(rows[0].generation)
  }
  return {
    /** Under which what the backend promises from now on is remembered. */
    generationOf: async (domain: Domain): Promise<number> => {
      const known = await present(domain)
      if (known !== undefined) return known
      await sql`insert into galley.device_generations (domain) values (${domain}) on conflict do nothing`.execute(db)
      return (await present(domain)) ?? 0
    },

    /** Committed when it returns: nothing counts that the backend has promised. Of whom nothing was asked has no row. */
    endGeneration: async (domain: Domain): Promise<void> => {
      await sql`update galley.device_generations set generation = generation + 1 where domain = ${domain}`.execute(db)
    },
  }
}

export type GenerationStore = ReturnType<typeof generationStore>
