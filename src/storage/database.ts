/**
 * One relational database per backend, in which every service has a schema of its own.
 *
 * There are two engines and one dialect: a PostgreSQL server, or PostgreSQL embedded in the process (PGlite). Both are
 * spoken to by node-postgres through Kysely's dialect for it, the embedded one over a connection in memory. So
 * parameters, types and errors are the same by construction: 64-bit integers and `numeric` come as text, times as
 * `Date`, `bytea` as `Buffer`, `json` parsed; errors carry `code`, the SQLSTATE. JSON is written as text, because
 * node-postgres takes a JavaScript array for a PostgreSQL array. A dialect of PGlite's own was refused: it converts
 * differently, and each store would have to be tried twice.
 */
import type { Kysely } from 'kysely'
import { type Clock, systemClock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { CONNECTIONS_MAX } from './limits.ts'

export interface Database extends AsyncDisposable {
  /** An embedded database belongs to one process: there are no replicas. */
  readonly kind: 'postgresql' | 'pglite'
  /**
   * The schema of that name, up to date. Runs the migrations (`NNNN-what.sql` in folders called `migrations`) that
   * have not run yet: those of `shared` first, then the service's own. SQL in them sees the schema first.
   */
  schema<T>(name: string, migrations: URL, ...shared: readonly URL[]): Promise<Kysely<T>>
  /**
   * Notes sent with `notify` or `pg_notify`, by any process. An empty text means that some may have been missed,
   * because the connection was lost for a while.
   */
  listen(channel: string, onPayload: (payload: string) => void): Promise<AsyncDisposable>
  notify(channel: string, payload: string): Promise<void>
  /** A lock among all processes that use this database, or undefined when somebody holds it. */
  tryLock(key: string): Promise<Lock | undefined>
}

export interface Lock extends AsyncDisposable {
  /**
   * Aborted when the lock was lost against our will, because the connection that held it died. Somebody else may have
   * it a moment later: what it protects must stop.
   */
  readonly lost: AbortSignal
}

export interface DatabaseOptions {
  /** `postgres://…`; the embedded database when undefined. Not through a pooler of transactions: sessions matter. */
  readonly url?: string | undefined
  /** Where the embedded database lives. */
  readonly dataDirectory: string
  /** To a PostgreSQL server, from this process, besides one for notes and locks. */
  readonly connectionsMax?: number | undefined
  readonly log: Log
  readonly clock?: Clock
}

export const openDatabase = async ({
  url,
  dataDirectory,
  connectionsMax = CONNECTIONS_MAX,
  log,
  clock = systemClock,
}: DatabaseOptions): Promise<Database> => {
  // Loaded only where it is used: each brings megabytes of code that the other does not need.
  if (url === undefined) {
    const { openEmbedded } = await import('./embedded/open.ts')
    return openEmbedded({ dataDirectory, log, clock })
  }
  const { openPostgresql } = await import('./postgresql/open.ts')
  return openPostgresql({ url, connectionsMax, log, clock })
}
