/** For tests: databases that are empty, their own, and gone at the end. */
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { type Database, openDatabase } from './database.ts'

export interface TestDatabases extends AsyncDisposable {
  /** A connection to the same database, as another process would have; the embedded one has room for one only. */
  open(clock?: Clock): Promise<Database>
}

export const embeddedDatabases = async (): Promise<TestDatabases & { readonly directory: string }> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'comity-database-'))
  return {
    directory,
    open: (clock) => openDatabase({ dataDirectory: directory, log: nullLog, ...(clock && { clock }) }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** A new database on a server. */
export const serverDatabases = async (serverUrl: string): Promise<TestDatabases & { readonly url: string }> => {
  const name = `comity_test_${randomUUID().replaceAll('-', '')}`
  await onServer(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    open: (clock) => openDatabase({ url: url.href, dataDirectory: '', log: nullLog, ...(clock && { clock }) }),
    [Symbol.asyncDispose]: () => onServer(serverUrl, `drop database ${name} with (force)`),
  }
}

const onServer = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export interface TestMigrations extends AsyncDisposable {
  readonly folder: URL
  write(file: string, text: string): Promise<void>
  remove(file: string): Promise<void>
}

/** A folder of migrations for the part of that name. */
export const temporaryMigrations = async (
  part: string,
  files: Readonly<Record<string, string>>,
): Promise<TestMigrations> => {
  const root = await mkdtemp(path.join(tmpdir(), 'comity-migrations-'))
  const folder = path.join(root, part, 'migrations')
  await mkdir(folder, { recursive: true })
  const write = (file: string, text: string): Promise<void> => writeFile(path.join(folder, file), text)
  for (const [file, text] of Object.entries(files)) await write(file, text)
  return {
    folder: pathToFileURL(`${folder}/`),
    write,
    remove: (file) => rm(path.join(folder, file)),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

// Only so that what hangs ends some day.
const DEADLINE_MS = 60_000
const POLL_MS = 10

/** Until `isSo` says so; tests wait for states, never for durations. */
export const eventually = async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  while (!(await isSo())) {
    if (deadline.aborted) throw new Error(`it did not come about that ${what}`)
    await new Promise((resolve) => AbortSignal.timeout(POLL_MS).addEventListener('abort', resolve))
  }
}
