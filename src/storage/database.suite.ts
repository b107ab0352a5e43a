/** What every database does, whichever engine is behind it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import type { Database } from './database.ts'
import { statement } from './statement.ts'
import { eventually, type TestDatabases, temporaryMigrations } from './testing.ts'

interface Tables {
  readonly things: { readonly id: number; readonly name: string }
}

const THINGS = 'create table things (id integer primary key, name text not null)'

export const databaseSuite = (engine: string, databases: () => Promise<TestDatabases>): void => {
  describe(engine, { concurrency: false }, () => {
    migrationTests(databases)
    statementTests(databases)
    noteTests(databases)
    lockTests(databases)
  })
}

interface Opened extends AsyncDisposable {
  readonly database: Database
}

const opened = async (databases: () => Promise<TestDatabases>): Promise<Opened> => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await stack.use(await databases()).open())
  const owned = stack.move()
  return { database, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const withThings = async (
  databases: () => Promise<TestDatabases>,
): Promise<Opened & { readonly db: Kysely<Tables> }> => {
  await using migrations = await temporaryMigrations('shop', { '0001-things.sql': THINGS })
  const { database, [Symbol.asyncDispose]: close } = await opened(databases)
  return { database, db: await database.schema<Tables>('shop', migrations.folder), [Symbol.asyncDispose]: close }
}

const migrationTests = (databases: () => Promise<TestDatabases>): void => {
  test('migrations run once each, in order, in a schema that sees itself first', async () => {
    await using migrations = await temporaryMigrations('shop', {
      '0002-first-thing.sql': "insert into things values (1, 'first');\ninsert into shop.things values (2, 'second');",
      '0001-things.sql': THINGS,
    })
    await using one = await opened(databases)
    const db = await one.database.schema<Tables>('shop', migrations.folder)
    await migrations.write('0003-third-thing.sql', "insert into things values (3, 'third')")
    await one.database.schema<Tables>('shop', migrations.folder)
    await one.database.schema<Tables>('shop', migrations.folder)
    const things = await db.selectFrom('things').select('name').orderBy('id').execute()
    assert.deepEqual(things, [{ name: 'first' }, { name: 'second' }, { name: 'third' }])
  })

  test('migrations that services share go into the schema of each, before its own', async () => {
    await using shared = await temporaryMigrations('queue', { '0001-things.sql': THINGS })
    await using own = await temporaryMigrations('shop', { '0001-use.sql': "insert into things values (1, 'a')" })
    await using other = await temporaryMigrations('mall', { '0001-use.sql': "insert into things values (2, 'b')" })
    await using one = await opened(databases)
    const shop = await one.database.schema<Tables>('shop', own.folder, shared.folder)
    const mall = await one.database.schema<Tables>('mall', other.folder, shared.folder)
    assert.deepEqual(await shop.selectFrom('things').selectAll().execute(), [{ id: 1, name: 'a' }])
    assert.deepEqual(await mall.selectFrom('things').selectAll().execute(), [{ id: 2, name: 'b' }])
  })

  test('a migration that fails leaves nothing behind, also of those before it', async () => {
    await using migrations = await temporaryMigrations('shop', {
      '0001-things.sql': THINGS,
      '0002-wrong.sql': 'create table others (id integer); select 1 / 0',
    })
    await using one = await opened(databases)
    await assert.rejects(
      one.database.schema('shop', migrations.folder),
      /applying the migration 'shop\/0002-wrong\.sql'/,
    )
    await migrations.write('0002-wrong.sql', 'create table others (id integer)')
    const db = await one.database.schema<Tables>('shop', migrations.folder)
    assert.deepEqual(await db.selectFrom('things').selectAll().execute(), [])
  })

  test('a migration that was changed after it was applied stops the start and says what to do', async () => {
    await using migrations = await temporaryMigrations('shop', { '0001-things.sql': THINGS })
    await using one = await opened(databases)
    await one.database.schema('shop', migrations.folder)
    await migrations.write('0001-things.sql', `${THINGS};`)
    await assert.rejects(
      one.database.schema('shop', migrations.folder),
      /'shop\/0001-things\.sql' was changed.*Restore/,
    )
  })

  test('several who start together migrate once', async () => {
    await using migrations = await temporaryMigrations('shop', { '0001-things.sql': THINGS })
    await using one = await opened(databases)
    const schemas = await Promise.all(
      Array.from({ length: 4 }, () => one.database.schema<Tables>('shop', migrations.folder)),
    )
    assert.equal(schemas.length, 4)
  })
}

const statementTests = (databases: () => Promise<TestDatabases>): void => {
  test('values come back in the same form from every engine', async () => {
    await using one = await withThings(databases)
    const { rows } = await sql`
      select 9007199254740993::bigint as big, 12.50::numeric as exact, 3::int as small, true as flag,
        ${new Date('2026-05-01T10:00:00.123Z')}::timestamptz as at, ${Buffer.from([0, 255])}::bytea as bytes,
        ${JSON.stringify([{ a: [1, null] }])}::jsonb as json, ${['a', 'b,"c"', null]}::text[] as list,
        ${['6f1e1f2a-0000-4000-8000-00000000abcd']}::uuid[] as ids, ${null}::text as nothing, ''::text as empty`.execute(
      one.db,
    )
    assert.deepEqual(rows, [
      {
        big: '9007199254740993',
        exact: '12.50',
        small: 3,
        flag: true,
        at: new Date('2026-05-01T10:00:00.123Z'),
        bytes: Buffer.from([0, 255]),
        json: [{ a: [1, null] }],
        list: ['a', 'b,"c"', null],
        ids: ['6f1e1f2a-0000-4000-8000-00000000abcd'],
        nothing: null,
        empty: '',
      },
    ])
  })

  test('arrays reach a prepared statement as they were given, and a wrong one harms only itself', async () => {
    await using one = await withThings(databases)
    const db = untyped(one.db)
    const given = {
      texts: ['a', 'b,"c"\\', '', null, 'ä€😀'],
      ids: ['6f1e1f2a-0000-4000-8000-00000000abcd'],
      small: [-1, 2_147_483_647],
      big: ['9007199254740993', '-1'],
    }
    const none = { texts: [], ids: [], small: [], big: [] }
    assert.deepEqual(await echo(db, given), [given])
    assert.deepEqual(await echo(db, none), [none])
    await assert.rejects(echo(db, { ...given, ids: ['nobody'] }), { code: '22P02' })
    await assert.rejects(echo(db, { ...given, texts: ['\0'] }), { code: '22021' })
    assert.deepEqual(await db.transaction().execute((tx) => echo(tx, given)), [given])
  })

  test('prepared statements work at the same time, also more than there are connections', async () => {
    await using one = await withThings(databases)
    const given = Array.from({ length: 40 }, (_, index) => ({ texts: [], ids: [], small: [index], big: [] }))
    const answers = await Promise.all(given.map((each) => echo(untyped(one.db), each)))
    assert.deepEqual(answers.flat(), given)
  })

  test('text is ordered by its code points where a statement says so', async () => {
    await using one = await withThings(databases)
    const { rows } = await sql<{ value: string }>`
      select value from unnest(array['b', 'a', 'B', 'ä', '_']) as t(value) order by value collate "C"`.execute(one.db)
    assert.deepEqual(
      rows.map(({ value }) => value),
      ['B', '_', 'a', 'b', 'ä'],
    )
  })

  test('an error carries its SQLSTATE, and the next statement works', async () => {
    await using one = await withThings(databases)
    await one.db.insertInto('things').values({ id: 1, name: 'a' }).execute()
    await assert.rejects(one.db.insertInto('things').values({ id: 1, name: 'b' }).execute(), { code: '23505' })
    await assert.rejects(sql`selec 1`.execute(one.db), { code: '42601' })
    assert.deepEqual(await one.db.selectFrom('things').selectAll().execute(), [{ id: 1, name: 'a' }])
  })

  test('a transaction that throws leaves nothing, one that does not leaves all', async () => {
    await using one = await withThings(databases)
    const failing = one.db.transaction().execute(async (tx) => {
      await tx.insertInto('things').values({ id: 1, name: 'lost' }).execute()
      throw new Error('no')
    })
    await assert.rejects(failing, /^Error: no$/)
    await one.db.transaction().execute((tx) => tx.insertInto('things').values({ id: 2, name: 'kept' }).execute())
    assert.deepEqual(await one.db.selectFrom('things').selectAll().execute(), [{ id: 2, name: 'kept' }])
  })

  test('what others do meanwhile does not get into a transaction', async () => {
    await using one = await withThings(databases)
    await one.db.insertInto('things').values({ id: 1, name: '0' }).execute()
    const increment = () =>
      one.db.transaction().execute(async (tx) => {
        const { name } = await tx.selectFrom('things').select('name').forUpdate().executeTakeFirstOrThrow()
        await tx
          .updateTable('things')
          .set({ name: String(Number(name) + 1) })
          .execute()
      })
    await Promise.all(Array.from({ length: 10 }, increment))
    assert.deepEqual(await one.db.selectFrom('things').select('name').execute(), [{ name: '10' }])
  })
}

interface Arrays {
  readonly texts: readonly (string | null)[]
  readonly ids: readonly string[]
  readonly small: readonly number[]
  readonly big: readonly string[]
}

const echo = statement<Arrays, Arrays>(({ texts, ids, small, big }, db) =>
  sql<Arrays>`/* prepared */
    select ${texts}::text[] as texts, ${ids}::uuid[] as ids, ${small}::int[] as small, ${big}::bigint[] as big`.compile(
    db,
  ),
)

const untyped = (db: Kysely<Tables>): Kysely<unknown> => db as unknown as Kysely<unknown>

const noteTests = (databases: () => Promise<TestDatabases>): void => {
  test('a note reaches all who listen to its channel, in order, and nobody else', async () => {
    await using one = await withThings(databases)
    const heard: string[] = []
    await using _first = await one.database.listen('outbox', (note) => heard.push(`1 ${note}`))
    await using _second = await one.database.listen('outbox', (note) => heard.push(`2 ${note}`))
    await using _other = await one.database.listen('peer-heard', (note) => heard.push(`other ${note}`))
    await one.database.notify('outbox', 'a')
    await one.database.notify('outbox', 'b')
    await eventually(() => heard.length === 4, 'both heard both')
    assert.deepEqual(heard, ['1 a', '2 a', '1 b', '2 b'])
  })

  test('a note in a transaction is told when it commits, and never when it does not', async () => {
    await using one = await withThings(databases)
    const heard: string[] = []
    await using _listening = await one.database.listen('outbox', (note) => heard.push(note))
    const failing = one.db.transaction().execute(async (tx) => {
      await sql`select pg_notify('outbox', 'lost')`.execute(tx)
      throw new Error('no')
    })
    await assert.rejects(failing)
    await one.db.transaction().execute(async (tx) => {
      await sql`select pg_notify('outbox', 'told')`.execute(tx)
      assert.deepEqual(heard, [])
    })
    await eventually(() => heard.length > 0, 'the note was heard')
    assert.deepEqual(heard, ['told'])
  })

  test('who stopped listening hears nothing more, and others still do', async () => {
    await using one = await withThings(databases)
    const heard: string[] = []
    const leaving = await one.database.listen('outbox', (note) => heard.push(`left ${note}`))
    await using _staying = await one.database.listen('outbox', (note) => heard.push(note))
    await leaving[Symbol.asyncDispose]()
    await one.database.notify('outbox', 'a')
    await eventually(() => heard.length > 0, 'the note was heard')
    assert.deepEqual(heard, ['a'])
  })

  test('a listener that fails costs the others nothing', async () => {
    await using one = await withThings(databases)
    const heard: string[] = []
    await using _failing = await one.database.listen('outbox', () => {
      throw new Error('broken listener')
    })
    await using _working = await one.database.listen('outbox', (note) => heard.push(note))
    await one.database.notify('outbox', 'a')
    await eventually(() => heard.length > 0, 'the note was heard')
  })

  test('a note is neither empty nor larger than the database takes, and a channel has a plain name', async () => {
    await using one = await withThings(databases)
    await assert.rejects(one.database.notify('outbox', ''), /at least one byte/)
    await assert.rejects(one.database.notify('outbox', 'x'.repeat(8_000)), /less than 8000/)
    await assert.rejects(one.database.notify('out"box', 'x'), /cannot be the name/)
    await assert.rejects(
      one.database.listen('Outbox; drop', () => {}),
      /cannot be the name/,
    )
  })
}

const lockTests = (databases: () => Promise<TestDatabases>): void => {
  test('a lock is held by one at a time, by its key, until it is given back', async () => {
    await using one = await withThings(databases)
    const held = await one.database.tryLock('lane a')
    assert.equal(await one.database.tryLock('lane a'), undefined)
    await using other = await one.database.tryLock('lane b')
    assert.ok(held && other)
    await held[Symbol.asyncDispose]()
    await using again = await one.database.tryLock('lane a')
    assert.ok(again)
    assert.equal(again.lost.aborted, false)
  })
}
