/**
 * Bringing a schema up to date: numbered SQL files, forward only, each applied once, all pending ones in one
 * transaction under a lock, so that of many processes starting together one migrates and none sees half of it.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Kysely, sql, type Transaction } from 'kysely'
import { MIGRATION_BYTES_MAX } from './limits.ts'

/** `name` is unique in a schema, e.g. `galley/0001-conversations.sql`. */
export interface Migration {
  readonly name: string
  readonly text: string
  readonly checksum: string
}

export const migrate = async (db: Kysely<unknown>, schema: string, folders: readonly URL[]): Promise<void> => {
  if (!/^[a-z][a-z0-9_]*$/.test(schema)) throw new Error(`'${schema}' cannot be the name of a schema`)
  const migrations = (await Promise.all(folders.map(readMigrations))).flat()
  await db.transaction().execute(async (tx) => {
    // Held to the end of the transaction; what waits for it sees what was done meanwhile.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`migrations ${schema}`}, 0))`.execute(tx)
    await sql`set local statement_timeout = 0`.execute(tx)
    await prepare(tx, schema)
    for (const migration of pendingMigrations(schema, migrations, await appliedMigrations(tx, schema))) {
      await apply(tx, schema, migration)
    }
  })
}

/** What is still to run, in order. Throws, saying what to do, when files and database tell different histories. */
export const pendingMigrations = (
  schema: string,
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, string>,
): Migration[] => {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const [name, checksum] of applied) {
    const migration = known.get(name)
    if (!migration) {
      throw new Error(
        `The schema '${schema}' was migrated by a newer version of this software: '${name}' is unknown here. ` +
          'Run that version or a later one; migrations only go forward.',
      )
    }
    if (migration.checksum !== checksum) {
      throw new Error(
        `The migration '${name}' was changed after it was applied to the schema '${schema}'. Restore the file as it ` +
          'was, and put the change into a new file with the next number. (While developing: start with fresh data.)',
      )
    }
  }
  const pending = migrations.filter(({ name }) => !applied.has(name))
  for (const { name } of pending) {
    const later = [...applied.keys()].find((other) => partOf(other) === partOf(name) && other > name)
    if (later === undefined) continue
    throw new Error(`The migration '${name}' is new but '${later}' was applied already. Give it a higher number.`)
  }
  return pending
}

/** The migrations of one folder, called `<part>/migrations/`, in order. */
export const readMigrations = async (folder: URL): Promise<Migration[]> => {
  const directory = path.resolve(fileURLToPath(folder))
  const part = path.basename(path.dirname(directory))
  if (path.basename(directory) !== 'migrations') throw new Error(`${directory} is not called 'migrations'`)
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted()
  const numbers = new Set<string>()
  return Promise.all(
    files.map(async (file) => {
      const number = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(file)?.[1]
      if (number === undefined) throw new Error(`${directory}/${file} is not called NNNN-what-it-does.sql`)
      if (numbers.has(number)) throw new Error(`${directory} has two files with the number ${number}`)
      numbers.add(number)
      return { name: `${part}/${file}`, ...(await readText(path.join(directory, file))) }
    }),
  )
}

// The same file with the line ends of another system is not another file.
const readText = async (file: string): Promise<{ text: string; checksum: string }> => {
  const text = (await readFile(file, 'utf8')).replaceAll('\r\n', '\n')
  if (text.length > MIGRATION_BYTES_MAX) throw new Error(`${file} is too large for a migration`)
  return { text, checksum: createHash('sha256').update(text).digest('hex') }
}

const partOf = (name: string): string => name.slice(0, name.indexOf('/'))

const prepare = async (tx: Transaction<unknown>, schema: string): Promise<void> => {
  const { rows } = await sql<{ exists: boolean }>`select to_regnamespace(${schema}) is not null as exists`.execute(tx)
  // Creating it `if not exists` would ask for the right to create it, which an operator may have kept to himself.
  if (!rows[0]?.exists) await sql`create schema ${sql.id(schema)}`.execute(tx)
  await sql`
    create table if not exists ${sql.id(schema, 'migrations')} (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`.execute(tx)
  await sql`set local search_path to ${sql.id(schema)}`.execute(tx)
}

const appliedMigrations = async (tx: Transaction<unknown>, schema: string): Promise<Map<string, string>> => {
  const { rows } = await sql<{ name: string; checksum: string }>`
    select name, checksum from ${sql.id(schema, 'migrations')}`.execute(tx)
  return new Map(rows.map(({ name, checksum }) => [name, checksum]))
}

const apply = async (tx: Transaction<unknown>, schema: string, { name, text, checksum }: Migration): Promise<void> => {
  try {
    await sql.raw(text).execute(tx)
  } catch (cause) {
    throw new Error(`applying the migration '${name}'`, { cause })
  }
  await sql`insert into ${sql.id(schema, 'migrations')} (name, checksum) values (${name}, ${checksum})`.execute(tx)
}
