import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { testClock } from '#src/kit/clock.ts'
import { databaseSuite } from '../database.suite.ts'
import { CHECKPOINT_INTERVAL_MS, UPKEEP_INTERVAL_MS, VACUUM_DEAD_ROWS } from '../limits.ts'
import { embeddedDatabases, eventually, temporaryMigrations } from '../testing.ts'
import { openCluster } from './open.ts'

databaseSuite('embedded', embeddedDatabases)

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

// A process that counts: it prints a number when the transaction that stored it has been committed.
const COUNTING = `
  import { nullLog } from '#src/kit/log.ts'
  import { openDatabase } from '#src/storage/database.ts'
  const [dataDirectory, migrations] = process.argv.slice(1)
  const database = await openDatabase({ dataDirectory, log: nullLog })
  const db = await database.schema('counting', new URL(migrations))
  for (let number = 1; ; number += 1) {
    await db.insertInto('numbers').values({ number }).execute()
    console.log(number)
  }
`

const NUMBERS = { '0001-numbers.sql': 'create table numbers (number integer)' }

const startCounting = (directory: string, migrations: URL) =>
  spawn(process.execPath, ['--input-type=module', '--eval', COUNTING, directory, migrations.href], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })

test('what was committed is there after the process was killed, and nothing is in the way of the next one', async () => {
  await using databases = await embeddedDatabases()
  await using migrations = await temporaryMigrations('counting', NUMBERS)
  const counting = startCounting(databases.directory, migrations.folder)
  let committed = 0
  for await (const line of createInterface(counting.stdout)) {
    committed = Number(line)
    if (committed === 100) counting.kill('SIGKILL')
  }
  assert.ok(committed >= 100)

  await using database = await databases.open()
  const db = await database.schema<{ numbers: { number: number } }>('counting', migrations.folder)
  const rows = await db.selectFrom('numbers').select('number').orderBy('number').execute()
  const numbers = rows.map(({ number }) => number)
  assert.deepEqual(
    numbers.slice(0, committed),
    Array.from({ length: committed }, (_, index) => index + 1),
  )
})

test('a directory that another process has is refused with words, until that process is gone', async () => {
  await using databases = await embeddedDatabases()
  await using migrations = await temporaryMigrations('counting', NUMBERS)
  const counting = startCounting(databases.directory, migrations.folder)
  await once(counting.stdout, 'data')
  await assert.rejects(databases.open(), /in use: only one process/)
  counting.kill('SIGKILL')
  await once(counting, 'close')
  await using database = await databases.open()
  assert.equal(database.kind, 'pglite')
})

test('a directory can be opened once in a process, and again after it was closed', async () => {
  await using databases = await embeddedDatabases()
  const first = await databases.open()
  await assert.rejects(databases.open(), /in use: only one process/)
  await first[Symbol.asyncDispose]()
  await using second = await databases.open()
  assert.equal(second.kind, 'pglite')
})

test('a commit is on disk before it is acknowledged', async () => {
  await using databases = await embeddedDatabases()
  await (await databases.open())[Symbol.asyncDispose]()
  const flushed: string[] = []
  const cluster = path.join(databases.directory, 'database/cluster')
  const lite = await openCluster(cluster, (file) => flushed.push(path.relative(cluster, file)))
  const flushedBy = async (statement: string): Promise<string[]> => {
    flushed.length = 0
    await lite.exec(statement)
    return [...flushed]
  }
  try {
    await lite.exec('create table things (id integer)')
    const [log, ...others] = await flushedBy('insert into things values (1)')
    assert.match(log ?? '', /^pg_wal\/[0-9A-F]{24}$/)
    assert.deepEqual(others, [])
    assert.deepEqual(await flushedBy('select * from things'), [])
    assert.deepEqual(await flushedBy('begin; insert into things values (2)'), [])
    assert.deepEqual(await flushedBy('commit'), [log])
    const byCheckpoint = await flushedBy('checkpoint')
    assert.ok(byCheckpoint.includes('global/pg_control') && byCheckpoint.some((file) => file.startsWith('base/')))
  } finally {
    await lite.close()
  }
})

test('deleted rows give back their space, and the log is cut short, without anybody asking', async () => {
  await using databases = await embeddedDatabases()
  const clock = testClock()
  await using database = await databases.open(clock)
  await using migrations = await temporaryMigrations('shop', {
    '0001-things.sql': 'create table things (id integer, filling text)',
  })
  const db = await database.schema<{ things: { id: number } }>('shop', migrations.folder)
  await sql`insert into shop.things select n, repeat('x', 100) from generate_series(1, ${VACUUM_DEAD_ROWS * 2}::int) n`.execute(
    db,
  )
  await sql`delete from shop.things where id > 10`.execute(db)
  const figures = async (): Promise<{ bytes: number; redo: string }> => {
    const { rows } = await sql<{ bytes: number; redo: string }>`
      select pg_table_size('shop.things')::int as bytes, redo_lsn::text as redo from pg_control_checkpoint()`.execute(
      db,
    )
    return rows[0] ?? assert.fail()
  }
  const before = await figures()
  for (let ms = 0; ms <= CHECKPOINT_INTERVAL_MS; ms += UPKEEP_INTERVAL_MS) {
    await clock.advance(UPKEEP_INTERVAL_MS)
    // The round has begun; with the one connection our statement comes after its.
    await figures()
  }
  await eventually(async () => (await figures()).bytes < before.bytes / 2, 'the table became small')
  await eventually(async () => (await figures()).redo !== before.redo, 'a checkpoint was made')
})
