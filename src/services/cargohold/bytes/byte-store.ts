/**
 * Where the bytes of assets are kept: one port, so that the rest of cargohold does not know whether that is a directory
 * or a store elsewhere. All implementations pass the suite in `byte-store.suite.ts`.
 *
 * Bytes have no name but the id that we gave them. What their sender calls them never gets here.
 */
import type { Readable } from 'node:stream'
import type { AssetId } from '../retention.ts'

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Incoming {
  readonly source: AsyncIterable<Uint8Array>
  readonly length: number
}

export interface ByteStore extends AsyncDisposable {
  /**
   * Resolves once all bytes are kept for good. When it rejects, because the source did or brought another number of
   * bytes, nothing can be read under this id. Reads no faster than it writes.
   */
  write(id: AssetId, incoming: Incoming): Promise<void>
  /** Undefined when there is nothing. To be read or destroyed; destroyed, it reads nothing more. */
  read(id: AssetId, range?: ByteRange): Promise<Readable | undefined>
  /** Harmless when there is nothing; takes away also what a crash has left half written. */
  remove(id: AssetId): Promise<void>
  /** An address for a client to read it at for a while, where the store has such. */
  addressOf(id: AssetId): Promise<string | undefined>
}

/** The source brought fewer or more bytes than it had announced. */
export class WrongLength extends Error {
  constructor(announced: number) {
    super(`not the ${announced} bytes that were announced`)
    this.name = 'WrongLength'
  }
}

/** Passes on what comes, and throws rather than end with another number of bytes than was announced. */
export async function* exactly({ source, length }: Incoming): AsyncGenerator<Uint8Array> {
  let left = length
  for await (const chunk of source) {
    left -= chunk.length
    if (left < 0) throw new WrongLength(length)
    yield chunk
  }
  if (left > 0) throw new WrongLength(length)
}
