/** A PostgreSQL server: a pool for statements, and one session of its own for notes and locks. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { checkedPayload, quoteChannel } from '../channels.ts'
import type { Database } from '../database.ts'
import { ACQUIRE_TIMEOUT_MS, CONNECTION_IDLE_MS, READY_CONNECTIONS_SHARE, STATEMENT_TIMEOUT_MS } from '../limits.ts'
import { migrate } from '../migrations.ts'
import { prepareOn } from '../prepared.ts'
import { readyConnections } from '../ready-connections.ts'
import { executeOn } from '../statement.ts'
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
  const pool = connect({ url, connectionsMax, log })
  const db = opening.adopt(new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }), (opened) =>
    opened.destroy(),
  )
  const ready = readyConnections({ pool, max: Math.floor(connectionsMax * READY_CONNECTIONS_SHARE), clock })
  executeOn(opening.use(ready), db)
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

const connect = ({ url, connectionsMax, log }: Omit<Options, 'clock'>): pg.Pool => {
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
  // One that dies is replaced with the next statement, and a statement under way on it fails by itself. The pool listens
  // to those that are idle only, and one to which nobody listens would end the process.
  pool.on('connect', (client) =>
    client.on('error', (error) => log.warn({ err: error }, 'a connection to PostgreSQL was lost')),
  )
  pool.on('error', alreadyTold)
  return pool
}

const alreadyTold = (): void => {}
