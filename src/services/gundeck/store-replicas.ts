/** SQL of which processes have to be told of what others store. Whether there are others is read where it is stored (`store.ts`). */
import { type Kysely, sql } from 'kysely'
import { REPLICA_SILENT_MS } from './limits.ts'

export interface ReplicaList {
  /** Says that this one is there. False when it did not stand on the list, or no longer. */
  enlist(replica: string): Promise<boolean>
  leave(replica: string): Promise<void>
}

export const replicaList = (db: Kysely<unknown>): ReplicaList => ({
  enlist: async (replica) => {
    const { rows } = await sql<{ stood: boolean }>`
      with silent as (
        delete from gundeck.replicas
        where id <> ${replica}::uuid and seen_at < now() - ${REPLICA_SILENT_MS} * interval '1 millisecond'
      )
      insert into gundeck.replicas (id, seen_at) values (${replica}::uuid, now())
      on conflict (id) do update set seen_at = excluded.seen_at
      returning exists (select from gundeck.replicas where id = ${replica}::uuid) as stood`.execute(db)
    return rows[0]?.stood ?? false
  },
  leave: async (replica) => {
    await sql`delete from gundeck.replicas where id = ${replica}::uuid`.execute(db)
  },
})
