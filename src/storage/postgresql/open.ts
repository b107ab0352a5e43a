/** A PostgreSQL server: a pool for statements, and one session of its own for notes and locks. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { checkedPayload, quoteChannel } from '../channels.ts'
import type { Database } from '../database.ts'
import { ACQUIRE_TIMEOUT_MS, CONNECTION_IDLE_MS, STATEMENT_TIMEOUT_MS } from '../limits.ts'
import { migrate } from '../migrations.ts'
import { prepareOn } from '../prepared.ts'
import { openSession } from './session.ts'

interface Options {
  readonly url: string
  readonly connectionsMax: number
  readonly log: Log
  readonly clock: Clock
}

export const openPostgresql = async ({ url, connectionsMax, log, clock }: Options): Promise<Database> => {
  await using opening = new AsyncDisposableStack()
  // First the session: it says clearly when there is no server.
  const session = opening.use(await openSession({ url, log, clock }))
  const db = opening.adopt(connect({ url, connectionsMax, log }), (opened) => opened.destroy())
  const owned = opening.move()
  return {
    kind: 'postgresql',
    schema: async <T>(name: string, migrations: URL, ...shared: readonly URL[]) => {
      await migrate(db, name, [...shared, migrations])
      // Which tables there are is known to the migrations, and told by who asks.
      return db.withSchema(name) as unknown as Kysely<T>
    },
    listen: (channel, onPayload) => session.listen(channel, onPayload),
    notify: async (channel, payload) => {
      quoteChannel(channel)
      await sql`select pg_notify(${channel}, ${checkedPayload(payload)})`.execute(db)
    },
    tryLock: (key) => session.tryLock(key),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const connect = ({ url, connectionsMax, log }: Omit<Options, 'clock'>): Kysely<unknown> => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'comity',
    max: connectionsMax,
    idleTimeoutMillis: CONNECTION_IDLE_MS,
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
  })
  prepareOn(pool)
  // A connection that dies while idle is replaced with the next statement.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to PostgreSQL was lost'))
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
}
