/**
 * What a PostgreSQL server does in background processes and the embedded one, being a single process, never does:
 * checkpoints, so that the write-ahead log stays short, and vacuuming, so that deleted rows give back their space.
 * All of it holds up other statements while it runs; it is milliseconds.
 */
import { type Kysely, sql } from 'kysely'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import {
  CHECKPOINT_BYTES,
  CHECKPOINT_INTERVAL_MS,
  FREEZE_AGE,
  UPKEEP_INTERVAL_MS,
  VACUUM_DEAD_ROWS,
  VACUUM_DEAD_SHARE,
} from '../limits.ts'

interface Needs {
  readonly db: Kysely<unknown>
  readonly clock: Clock
  readonly log: Log
}

export const startUpkeep = ({ db, clock, log }: Needs): AsyncDisposable => {
  let timer: Disposable | undefined
  let running: Promise<void> = Promise.resolve()
  let checkpointedMs = clock.monotonicMs()
  const round = async (): Promise<void> => {
    try {
      await vacuumWorn(db)
      const isTime = clock.monotonicMs() - checkpointedMs >= CHECKPOINT_INTERVAL_MS
      if (await checkpointIfDue(db, isTime)) checkpointedMs = clock.monotonicMs()
    } catch (error) {
      log.error({ err: error }, 'upkeep of the embedded database')
    }
    schedule()
  }
  let isStopped = false
  const schedule = (): void => {
    if (isStopped) return
    timer = clock.after(UPKEEP_INTERVAL_MS, () => {
      running = round()
    })
  }
  schedule()
  return {
    [Symbol.asyncDispose]: async () => {
      isStopped = true
      timer?.[Symbol.dispose]()
      await running
    },
  }
}

/** True when it made one. Nothing is written where nothing was written since the last. */
const checkpointIfDue = async (db: Kysely<unknown>, isTime: boolean): Promise<boolean> => {
  const { rows } = await sql<{ bytes: number }>`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`.execute(db)
  const bytes = rows[0]?.bytes ?? 0
  if (bytes < CHECKPOINT_BYTES && !(isTime && bytes > IDLE_BYTES)) return false
  await sql`checkpoint`.execute(db)
  return true
}

/** The log after a checkpoint holds the checkpoint itself. */
const IDLE_BYTES = 1_024

const vacuumWorn = async (db: Kysely<unknown>): Promise<void> => {
  // Statistics are kept back for a while; without this we would always look at those of the round before.
  await sql`select pg_stat_force_next_flush()`.execute(db)
  const { rows } = await sql<{ schema: string; name: string }>`
    select s.schemaname as schema, s.relname as name
    from pg_stat_user_tables s join pg_class c on c.oid = s.relid
    where s.n_dead_tup > ${VACUUM_DEAD_ROWS} + ${VACUUM_DEAD_SHARE}::float8 * s.n_live_tup
      or age(c.relfrozenxid) > ${FREEZE_AGE}`.execute(db)
  for (const { schema, name } of rows) await sql`vacuum (analyze) ${sql.id(schema, name)}`.execute(db)
  // The catalogs age as well; freezing all of them happens once in months.
  const { rows: aged } = await sql`
    select 1 from pg_database where datname = current_database() and age(datfrozenxid) > ${FREEZE_AGE * 2}`.execute(db)
  if (aged.length > 0) await sql`vacuum freeze`.execute(db)
}
