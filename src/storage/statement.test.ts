import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { statement } from './statement.ts'
import { embeddedDatabases } from './testing.ts'

test('a statement is built once and executed with the values of each time, in a transaction too', async () => {
  await using databases = await embeddedDatabases()
  await using database = await databases.open()
  const db = await database.schema<unknown>('galley', new URL('../services/galley/migrations/', import.meta.url))
  let builds = 0
  const added = statement<{ readonly one: number; readonly other: readonly number[] }, { sum: number; fixed: string }>(
    ({ one, other }, on) => {
      builds += 1
      return sql<{ sum: number; fixed: string }>`
        select ${one}::int + sum(n)::int + ${one}::int as sum, ${'fixed'}::text as fixed
        from unnest(${other}::int[]) n`.compile(on)
    },
  )
  assert.deepEqual(await added(db, { one: 1, other: [2, 3] }), [{ sum: 7, fixed: 'fixed' }])
  const inTransaction = await db.transaction().execute((tx) => added(tx, { one: 10, other: [] }))
  assert.deepEqual(inTransaction, [{ sum: null, fixed: 'fixed' }])
  assert.equal(builds, 1)
})
