/** PostgreSQL inside the process (PGlite), on files that survive `kill -9` and loss of power. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { checkedPayload, createChannels, quoteChannel } from '../channels.ts'
import type { Database, Lock } from '../database.ts'
import { ACQUIRE_TIMEOUT_MS } from '../limits.ts'
import { migrate } from '../migrations.ts'
import { prepareOn } from '../prepared.ts'
import { lockDirectory } from './directory-lock.ts'
import { DurableFiles, type OnFlushed } from './durable-files.ts'
import { createCluster } from './template.ts'
import { startUpkeep } from './upkeep.ts'
import { pgliteModule } from './wasm.ts'

interface Options {
  readonly dataDirectory: string
  readonly log: Log
  readonly clock: Clock
}

export const openEmbedded = async ({ dataDirectory, log, clock }: Options): Promise<Database> => {
  const directory = path.join(dataDirectory, 'database')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await using opening = new AsyncDisposableStack()
  opening.use(lockDirectory(path.join(directory, 'lock'), directory))
  const lite = opening.adopt(await openCluster(path.join(directory, 'cluster')), (opened) => opened.close())
  const db = opening.adopt(connect(lite, log), (opened) => opened.destroy())
  opening.use(startUpkeep({ db, clock, log }))
  const owned = opening.move()
  return {
    kind: 'pglite',
    ...notesOf(lite, db, log),
    ...statementsOf(db),
    tryLock: locksOf(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Creates it when there is none. */
export const openCluster = async (cluster: string, onFlushed?: OnFlushed): Promise<PGlite> => {
  if (!existsSync(cluster)) await createCluster(cluster)
  const lite = new PGlite({
    fs: new DurableFiles(cluster, onFlushed),
    pgliteWasmModule: pgliteModule(),
    startParams: startParameters(),
  })
  await lite.waitReady
  return lite
}

const startParameters = (): string[] => [
  // `-F` is PGlite's "no fsync".
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...Object.entries({
    fsync: 'on',
    // The only one that reaches the disk, see durable-files.ts.
    wal_sync_method: 'fsync',
    // The default of 128 MB is memory that a small installation does not need: the files are in the system's cache.
    shared_buffers: '4MB',
    // Old segments of the log are kept for reuse up to the first figure.
    min_wal_size: '8MB',
    max_wal_size: '64MB',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
]

// A pool of one: whoever wants the connection waits until it is given back, transactions whole.
const connect = (lite: PGlite, log: Log): Kysely<unknown> => {
  const pool = new pg.Pool({
    ...createPgConfig(lite),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
  })
  prepareOn(pool)
  pool.on('error', (error) => log.error({ err: error }, 'the connection to the embedded database'))
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
}

const statementsOf = (db: Kysely<unknown>): Pick<Database, 'schema'> => ({
  schema: async <T>(name: string, migrations: URL, ...shared: readonly URL[]): Promise<Kysely<T>> => {
    await migrate(db, name, [...shared, migrations])
    // Which tables there are is known to the migrations, and told by who asks.
    return db.withSchema(name) as unknown as Kysely<T>
  },
})

const notesOf = (lite: PGlite, db: Kysely<unknown>, log: Log): Pick<Database, 'listen' | 'notify'> => {
  const channels = createChannels(log)
  lite.onNotification((channel, payload) => channels.tell(channel, payload))
  return {
    listen: async (channel, onPayload) => {
      const quoted = quoteChannel(channel)
      if (channels.add(channel, onPayload)) await sql.raw(`listen ${quoted}`).execute(db)
      return {
        [Symbol.asyncDispose]: async () => {
          if (channels.remove(channel, onPayload)) await sql.raw(`unlisten ${quoted}`).execute(db)
        },
      }
    },
    notify: async (channel, payload) => {
      quoteChannel(channel)
      await sql`select pg_notify(${channel}, ${checkedPayload(payload)})`.execute(db)
    },
  }
}

/** This process is the only one, so its own memory is enough. */
const locksOf = (): Database['tryLock'] => {
  const held = new Set<string>()
  return async (key): Promise<Lock | undefined> => {
    if (held.has(key)) return undefined
    held.add(key)
    return {
      lost: NEVER,
      [Symbol.asyncDispose]: async () => {
        held.delete(key)
      },
    }
  }
}

const NEVER = new AbortController().signal
