/**
 * The bytes of a file, or a part of them, read ahead by one piece. Large pieces, because each costs a turn of a thread and
 * events on all of its way; and borrowed ones (`kit/pieces.ts`), which the stream of the platform has no place for.
 */
import { read } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { borrowPiece, filled, PIECE_BYTES } from '#src/kit/pieces.ts'
import type { ByteRange } from './byte-store.ts'

/** Closes the file when it is over. */
export class FileBytes extends Readable {
  readonly #file: FileHandle
  #at: number
  readonly #end: number
  #isReading = false
  #onRead: (() => void) | undefined

  constructor(file: FileHandle, { start, end }: ByteRange = { start: 0, end: Number.POSITIVE_INFINITY }) {
    super({ highWaterMark: PIECE_BYTES })
    this.#file = file
    this.#at = start
    this.#end = end
  }

  /** Not by the promise of a file handle, which makes two more buffers for each piece. */
  override _read(): void {
    const wanted = Math.min(PIECE_BYTES, this.#end - this.#at + 1)
    if (wanted <= 0) return void this.push(null)
    const piece = wanted * 2 < PIECE_BYTES ? Buffer.allocUnsafe(wanted) : borrowPiece()
    this.#isReading = true
    read(this.#file.fd, piece, 0, wanted, this.#at, (failure, bytes) => {
      this.#isReading = false
      if (failure) this.destroy(failure)
      else if (!this.destroyed) this.#add(piece, bytes)
      this.#onRead?.()
    })
  }

  override _destroy(why: Error | null, done: (failure?: Error | null) => void): void {
    const close = (): void => void this.#close(why, done)
    // A file that is being read must not be closed under it.
    if (this.#isReading) this.#onRead = close
    else close()
  }

  async #close(why: Error | null, done: (failure?: Error | null) => void): Promise<void> {
    try {
      await this.#file.close()
    } catch (failure) {
      return done(why ?? (failure as Error))
    }
    done(why)
  }

  #add(piece: Buffer, bytes: number): void {
    this.#at += bytes
    const part = filled(piece, bytes)
    this.push(bytes === 0 ? null : part)
  }
}
