import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import { nullLog } from '#src/kit/log.ts'
import { openDatabase } from '../database.ts'
import { databaseSuite } from '../database.suite.ts'
import { statement } from '../statement.ts'
import { eventually, serverDatabases, temporaryMigrations } from '../testing.ts'

const server = process.env['COMITY_TEST_DATABASE_URL']
const skip = server === undefined && 'no PostgreSQL server: COMITY_TEST_DATABASE_URL is not set'
const databases = () => serverDatabases(server ?? '')

describe('on a server', { skip, tags: ['postgresql'] }, () => {
  databaseSuite('PostgreSQL', databases)

  test('of several processes only one has a lock, and the next one gets it when that one is gone', async () => {
    await using shared = await databases()
    await using first = await shared.open()
    const second = await shared.open()
    const held = await second.tryLock('lane')
    assert.ok(held)
    assert.equal(await first.tryLock('lane'), undefined)
    await second[Symbol.asyncDispose]()
    await eventually(async () => (await first.tryLock('lane')) !== undefined, 'the lock was free')
  })

  test('a note of one process reaches another', async () => {
    await using shared = await databases()
    await using first = await shared.open()
    await using second = await shared.open()
    const heard: string[] = []
    await using _listening = await first.listen('outbox', (note) => heard.push(note))
    await second.notify('outbox', 'hello')
    await eventually(() => heard.length > 0, 'the note was heard')
    assert.deepEqual(heard, ['hello'])
  })

  test('when the session dies its locks are lost, listeners are told of a gap, and both work again', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using migrations = await temporaryMigrations('shop', {})
    const db = await database.schema('shop', migrations.folder)
    const heard: string[] = []
    await using _listening = await database.listen('outbox', (note) => heard.push(note))
    const held = await database.tryLock('lane')
    assert.ok(held)

    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'comity session'`.execute(db)

    await eventually(() => held.lost.aborted, 'the lock was lost')
    await eventually(() => heard.includes(''), 'the gap was told')
    await database.notify('outbox', 'after')
    await eventually(() => heard.includes('after'), 'notes came again')
    await eventually(async () => (await database.tryLock('lane')) !== undefined, 'the lock was to be had')
    // Giving back what was lost takes nothing from who has it now.
    await held[Symbol.asyncDispose]()
    assert.equal(await database.tryLock('lane'), undefined)
  })

  test('a pool survives the loss of its connections', async () => {
    await using shared = await databases()
    await using database = await shared.open()
    await using migrations = await temporaryMigrations('shop', {})
    const db = await database.schema('shop', migrations.folder)
    await sql`select 1`.execute(db)
    await using killer = await shared.open()
    const other = await killer.schema('mall', migrations.folder)
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'comity' and pid <> pg_backend_pid()`.execute(other)
    await eventually(async () => {
      const { rows } = await sql`select 1`.execute(db).catch(() => ({ rows: [] }))
      return rows.length === 1
    }, 'statements worked again')
  })

  test('a statement whose connection is cut off fails by itself, and later ones find another', async () => {
    await using shared = await databases()
    await using between = await cuttableConnections(shared.url)
    await using database = await openDatabase({ url: between.url, dataDirectory: '', log: nullLog })
    await using migrations = await temporaryMigrations('shop', {})
    const db = await database.schema<unknown>('shop', migrations.folder)
    await asleep(db, { seconds: 0 })
    for (const sleep of [() => asleep(db, { seconds: 60 }), () => sql`select pg_sleep(60)`.execute(db)]) {
      const sleeping = sleep()
      await eventually(async () => (await sleepers(db)) > 0, 'the server was at it')
      between.cut()
      await assert.rejects(sleeping, /terminated/)
      await eventually(() => worked(asleep(db, { seconds: 0 })), 'statements worked again')
    }
  })

  test('connections kept at hand are replaced when they were lost, and closed at the end', async () => {
    await using shared = await databases()
    await using migrations = await temporaryMigrations('shop', {})
    await using watcher = await shared.open()
    const watching = await watcher.schema<unknown>('shop', migrations.folder)
    {
      await using database = await shared.open()
      const db = await database.schema<unknown>('shop', migrations.folder)
      await Promise.all(Array.from({ length: 20 }, () => asleep(db, { seconds: 0.01 })))
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'comity' and pid <> pg_backend_pid()`.execute(
        watching,
      )
      await eventually(() => worked(asleep(db, { seconds: 0 })), 'statements worked again')
      await Promise.all(Array.from({ length: 20 }, () => asleep(db, { seconds: 0.01 })))
    }
    await eventually(async () => {
      const { rows } = await sql<{ count: string }>`
        select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'comity' and pid <> pg_backend_pid()`.execute(
        watching,
      )
      return rows[0]?.count === '0'
    }, 'no connection was left')
  })
})

const asleep = statement<{ readonly seconds: number }, unknown>(({ seconds }, db) =>
  sql`/* prepared */ select pg_sleep(${seconds}::float8)`.compile(db),
)

const sleepers = async (db: Kysely<unknown>): Promise<number> => {
  const { rows } = await sql`
    select pid from pg_stat_activity
    where datname = current_database() and wait_event = 'PgSleep'`.execute(db)
  return rows.length
}

const worked = (statement: Promise<unknown>): Promise<boolean> =>
  statement.then(
    () => true,
    () => false,
  )

/** To a server by a way on which all connections can be cut off at once, without a word. */
const cuttableConnections = async (serverUrl: string): Promise<AsyncDisposable & { url: string; cut(): void }> => {
  const there = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const ends = createServer((near) => {
    const far = connect(Number(there.port), there.hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
  })
  ends.listen(0, '127.0.0.1')
  await once(ends, 'listening')
  const url = new URL(serverUrl)
  url.port = String((ends.address() as AddressInfo).port)
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    url: url.href,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut()
      ends.close()
      await once(ends, 'close')
    },
  }
}

test('an address where no server is says so at the start, without the password', async () => {
  const opening = openDatabase({ url: 'postgres://u:secret@127.0.0.1:1/x', dataDirectory: '', log: nullLog })
  await assert.rejects(opening, (error: Error) => /127\.0\.0\.1:1/.test(error.message) && !/secret/.test(error.message))
})
