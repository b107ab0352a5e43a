/**
 * Notices when what a path leads to changes: the file itself, and every directory and symbolic link on the way
 * (federation-transport.md §15). Kubernetes replaces a mounted secret by swapping a link two steps before the file;
 * people rename a directory. A watch on the file alone sees neither.
 */
import { type FSWatcher, watch } from 'node:fs'
import { readlink } from 'node:fs/promises'
import path from 'node:path'
import { SYMBOLIC_LINKS_MAX } from './limits.ts'

export interface PathWatch extends Disposable {
  /**
   * Watches what the paths lead to now. To be called before the files are read, so that no change falls between
   * looking and listening.
   */
  renew(): Promise<void>
}

export interface PathWatchEvents {
  readonly onTouched: () => void
  /** A directory that cannot be watched: no permission, or no watches left on this machine. */
  readonly onUnwatchable: (directory: string, cause: unknown) => void
}

export const createPathWatch = (files: readonly string[], events: PathWatchEvents): PathWatch => {
  let watches = new Map<string, DirectoryWatch>()
  let isDisposed = false

  const renew = async (): Promise<void> => {
    const fresh = new Map<string, DirectoryWatch>()
    for (const file of files) {
      await walk(file, (directory, name) => {
        const known = fresh.get(directory) ?? watchDirectory(directory, events)
        known.names.add(name)
        fresh.set(directory, known)
      })
    }
    const before = isDisposed ? fresh : watches
    if (!isDisposed) watches = fresh
    close(before)
  }

  return {
    renew,
    [Symbol.dispose]: () => {
      isDisposed = true
      close(watches)
    },
  }
}

interface DirectoryWatch {
  /** Entries that are on a way; others of a busy directory do not concern us. */
  readonly names: Set<string>
  readonly watcher: FSWatcher | undefined
}

const watchDirectory = (directory: string, { onTouched, onUnwatchable }: PathWatchEvents): DirectoryWatch => {
  const names = new Set<string>()
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      // A directory that is itself moved or removed is reported under its own name.
      if (name === null || names.has(name) || name === path.basename(directory)) onTouched()
    })
    watcher.on('error', (cause) => onUnwatchable(directory, cause))
    return { names, watcher }
  } catch (cause) {
    onUnwatchable(directory, cause)
    return { names, watcher: undefined }
  }
}

const close = (watches: ReadonlyMap<string, DirectoryWatch>): void => {
  for (const { watcher } of watches.values()) watcher?.close()
}

/**
 * Tells every directory entry on the way, each before it is looked at. The directory is always a real one, so that
 * `..` of a link means what it means to the system.
 */
const walk = async (file: string, step: (directory: string, name: string) => void): Promise<void> => {
  const left = segmentsOf(path.resolve(file))
  let directory = '/'
  for (let links = 0; left.length > 0;) {
    const name = left.shift() ?? ''
    if (name === '..') {
      directory = path.dirname(directory)
      continue
    }
    step(directory, name)
    const entry = path.join(directory, name)
    const link = await linkOf(entry)
    if (link === undefined) {
      directory = entry
      continue
    }
    if (++links > SYMBOLIC_LINKS_MAX) return
    if (path.isAbsolute(link)) directory = '/'
    left.unshift(...segmentsOf(link))
  }
}

const segmentsOf = (text: string): string[] => text.split('/').filter((segment) => segment !== '' && segment !== '.')

/** Undefined also when there is nothing yet: then the entry that is missing is the last one worth watching. */
const linkOf = (entry: string): Promise<string | undefined> => readlink(entry).catch(() => undefined)
