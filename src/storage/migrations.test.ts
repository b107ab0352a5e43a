import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Migration, pendingMigrations, readMigrations } from './migrations.ts'
import { temporaryMigrations } from './testing.ts'

const migration = (name: string, checksum = 'same'): Migration => ({ name, text: '', checksum })

test('only what was not applied is pending, in the order of the files', () => {
  const files = ['queue/0001-a.sql', 'shop/0001-b.sql', 'shop/0002-c.sql'].map((name) => migration(name))
  const applied = new Map([['shop/0001-b.sql', 'same']])
  assert.deepEqual(
    pendingMigrations('shop', files, applied).map(({ name }) => name),
    ['queue/0001-a.sql', 'shop/0002-c.sql'],
  )
})

test('a database that a newer version has migrated is left alone', () => {
  const applied = new Map([['shop/0002-b.sql', 'same']])
  assert.throws(() => pendingMigrations('shop', [migration('shop/0001-a.sql')], applied), /newer version.*0002-b\.sql/)
})

test('a new migration may not come before one that was applied', () => {
  const files = [migration('shop/0001-a.sql'), migration('shop/0002-b.sql'), migration('shop/0003-c.sql')]
  const applied = new Map([
    ['shop/0001-a.sql', 'same'],
    ['shop/0003-c.sql', 'same'],
  ])
  assert.throws(() => pendingMigrations('shop', files, applied), /'shop\/0002-b\.sql' is new but.*higher number/)
})

test('a folder may not hold two files of one number, or one that is not numbered', async () => {
  await using twice = await temporaryMigrations('shop', { '0001-a.sql': '', '0001-b.sql': '' })
  await assert.rejects(readMigrations(twice.folder), /two files with the number 0001/)
  await using odd = await temporaryMigrations('shop', { 'first.sql': '' })
  await assert.rejects(readMigrations(odd.folder), /not called NNNN/)
})

test('a file is the same with the line ends of another system', async () => {
  await using migrations = await temporaryMigrations('shop', { '0001-a.sql': 'select 1;\nselect 2;\n' })
  const [before] = await readMigrations(migrations.folder)
  await migrations.write('0001-a.sql', 'select 1;\r\nselect 2;\r\n')
  assert.deepEqual(await readMigrations(migrations.folder), [before])
})
