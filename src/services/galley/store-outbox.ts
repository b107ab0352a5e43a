/** The queue as galley writes it: in the transaction of the change, all letters of the change in one statement. */
import { type Kysely, sql } from 'kysely'
import { enqueue, type Letter } from '#src/queue/outbox.ts'
import { LOCAL_LANE } from '#src/queue/letters.ts'

export const outboxStore = (db: Kysely<unknown>) => ({
  enqueue: async (letters: readonly Letter[]): Promise<void> => {
    await enqueue(db, letters)
  },

  /** The newest row that waits for our own parts; undefined when none does. */
  lastLocalRow: async (): Promise<string | undefined> => {
    const { rows } = await sql<{ id: string | null }>`
      select max(id) as id from galley.outbox where lane = ${LOCAL_LANE}`.execute(db)
    return rows[0]?.id ?? undefined
  },
})

export type OutboxStore = ReturnType<typeof outboxStore>
