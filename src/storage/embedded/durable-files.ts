/**
 * The embedded database's files, with a real `fsync`.
 *
 * PGlite hands PostgreSQL's file calls to Emscripten's NODEFS, and there a flush is nothing: `fsync` looks for a
 * handler that NODEFS does not have, `fdatasync` does not even look. So `fsync=on` alone changes nothing on disk. Here
 * the handler is put in its place, and PostgreSQL is told to flush its log with `fsync` (`wal_sync_method`), the call
 * that has a handler. How that was seen, and what it promises: docs/decisions/embedded-database.md.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs'
import type { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/** Told of every flush that has been made, with the path of what is on disk now. */
export type OnFlushed = (path: string) => void

type EmscriptenOptions = Parameters<NodeFS['init']>[1]

/** What Emscripten knows of an open file; it has no types of its own for this. */
interface Stream {
  /** The descriptor in our process; directories may have none. */
  readonly nfd?: number
  readonly node: unknown
}

interface NodeFiles {
  readonly NODEFS: {
    readonly stream_ops: { fsync?: (stream: Stream) => number }
    readonly realPath: (node: unknown) => string
  }
}

export class DurableFiles extends NodeFS {
  readonly #onFlushed: OnFlushed

  constructor(directory: string, onFlushed: OnFlushed = () => {}) {
    super(directory)
    this.#onFlushed = onFlushed
  }

  override async init(pg: PGlite, options: EmscriptenOptions): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options)
    const makeDurable = (module: unknown): void => {
      const { NODEFS } = module as NodeFiles
      if (typeof NODEFS?.realPath !== 'function') {
        throw new Error('PGlite has changed: there is no NODEFS to make durable')
      }
      NODEFS.stream_ops.fsync = ({ nfd, node }) => {
        const path = NODEFS.realPath(node)
        if (nfd === undefined) flushPath(path)
        else if (LOG_FILE.test(path)) fdatasyncSync(nfd)
        else fsyncSync(nfd)
        this.#onFlushed(path)
        return 0
      }
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [makeDurable, ...(emscriptenOpts.preRun ?? [])] } }
  }
}

/**
 * Segments of the log are flushed with every commit and are as large as they will be, so their times, which are all
 * that `fdatasync` leaves out, need not be written: it is what PostgreSQL itself calls for them on Linux.
 */
const LOG_FILE = /\/pg_wal\/[0-9A-F]{24}$/

export const flushPath = (path: string): void => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
