/**
 * One process per embedded database. PostgreSQL's own guard (`postmaster.pid`) does not work inside WebAssembly, where
 * every process has the same number, and two processes in one directory destroy it.
 *
 * The lock is that of an empty SQLite file, which Node brings along: the operating system holds it for us and frees it
 * whatever way the process ends. Files with process numbers were refused: numbers are used again, and taking over a
 * stale file is a race.
 */
import { DatabaseSync } from 'node:sqlite'

const BUSY = 5

/** Throws when somebody else has the directory. */
export const lockDirectory = (file: string, directory: string): Disposable => {
  const lock = new DatabaseSync(file)
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    lock.close()
    if (!(error instanceof Error && 'errcode' in error && error.errcode === BUSY)) throw error
    throw new Error(
      `The database in ${directory} is in use: only one process at a time can open it. Stop the other one, or use a ` +
        'PostgreSQL server (DATABASE_URL), which many can share.',
      { cause: error },
    )
  }
  return { [Symbol.dispose]: () => lock.close() }
}
