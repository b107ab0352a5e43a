/** A PostgreSQL server of its own for one test run, on loopback, with Debian's binaries. */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDatabase } from '#src/world/databases.ts'
import { diesWithParent, findExecutable } from '#src/world/executables.ts'
import { freePort, Missing, startService, temporaryDirectory, unprivileged } from './service.ts'

export interface Postgres extends AsyncDisposable {
  /** Of the maintenance database. */
  readonly url: string
  readonly pid: number
  /** Where its local socket is. */
  readonly socketDirectory: string
  /** A new, empty database. */
  createDatabase(name: string): Promise<string>
}

const DEBIAN = '/usr/lib/postgresql'

/**
 * Throws {@link Missing} where PostgreSQL is not installed. With `isDurable` what is committed is on the disk, as it is where
 * it counts; tests need no more than that the server outlives every backend that they kill. The cache is as large as a new
 * server has it, unless there is much to keep in it.
 */
export async function startPostgres({ isDurable = false, cacheMebibytes = 128 } = {}): Promise<Postgres> {
  const found = await findPostgres()
  if (!found) throw new Missing('PostgreSQL', 'postgresql')
  const { initdb, postgres } = found
  const user = await unprivileged('postgres')
  await using started = new AsyncDisposableStack()
  const directory = started.use(await temporaryDirectory('postgres', user))
  const data = join(directory.path, 'data')
  const port = await freePort()

  const make = await diesWithParent(
    { command: initdb, args: ['-D', data, '-U', 'comity', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'] },
    user?.name,
  )
  await promisify(execFile)(make.command, [...make.args], { cwd: directory.path })
  const server = started.use(
    await startService({
      name: 'postgres',
      command: postgres,
      args: [
        '-D',
        data,
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-k',
        directory.path,
        ...(isDurable ? [] : ['-F']),
        '-c',
        'max_connections=300',
        '-c',
        `shared_buffers=${cacheMebibytes}MB`,
      ],
      directory: directory.path,
      isReady: (log) => log.includes('database system is ready to accept connections'),
      asUser: user?.name,
      // "Fast" shutdown: connections are closed instead of waited for.
      stopSignal: 'SIGINT',
    }),
  )
  const url = `postgres://comity@127.0.0.1:${port}/postgres`
  const running = started.move()
  return {
    url,
    pid: server.pid,
    socketDirectory: directory.path,
    createDatabase: (name) => createDatabase(url, name),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The newest installed. */
export async function findPostgres(): Promise<{ initdb: string; postgres: string } | undefined> {
  const versions = await readdir(DEBIAN).catch(() => [])
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'))
  const initdb = await findExecutable('initdb', newestFirst)
  const postgres = await findExecutable('postgres', newestFirst)
  return initdb === undefined || postgres === undefined ? undefined : { initdb, postgres }
}
