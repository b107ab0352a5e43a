/**
 * The embedded database's files, with a real `fsync`.
 *
 * PGlite hands PostgreSQL's file calls to Emscripten's NODEFS, and there a flush is nothing: `fsync` looks for a
 * handler that NODEFS does not have, `fdatasync` does not even look. So `fsync=on` alone changes nothing on disk. Here
 * the handler is put in its place, and PostgreSQL is told to flush its log with `fsync` (`wal_sync_method`), the call
 * that has a handler. How that was seen, and what it promises: docs/decisions/embedded-database.md.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import type { PGlite } from '@electric-sql/pglite'

type EmscriptenOptions = Parameters<NodeFS['init']>[1]

/** What Emscripten knows of an open file; it has no types of its own for this. */
interface Stream {
  /** The descriptor in our process. Directories have none. */
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
  readonly #flush: (descriptor: number) => void

  // Everything that is needed to read the data back, the file's size included; only its times are not.
  constructor(directory: string, flush: (descriptor: number) => void = fdatasyncSync) {
    super(directory)
    this.#flush = flush
  }

  override async init(pg: PGlite, options: EmscriptenOptions): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options)
    const makeDurable = (module: unknown): void => {
      const { NODEFS } = module as NodeFiles
      if (typeof NODEFS?.realPath !== 'function')
        throw new Error('PGlite has changed: there is no NODEFS to make durable')
      NODEFS.stream_ops.fsync = ({ nfd, node }) => {
        if (nfd === undefined) flushDirectory(NODEFS.realPath(node))
        else this.#flush(nfd)
        return 0
      }
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [makeDurable, ...(emscriptenOpts.preRun ?? [])] } }
  }
}

export const flushDirectory = (directory: string): void => {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
