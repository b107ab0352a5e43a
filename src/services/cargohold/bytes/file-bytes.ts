/**
 * The bytes of a file, or a part of them, read ahead by one piece. Large pieces, because each costs a turn of a thread and
 * events on all of its way; and counted, because what they leave behind has to be collected in time
 * (`kit/passing-bytes.ts`), which the stream of the platform gives no place for.
 */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { bytesPassed } from '#src/kit/passing-bytes.ts'
import { READ_BYTES } from '../limits.ts'
import type { ByteRange } from './byte-store.ts'

/** Closes the file when it is over. */
export class FileBytes extends Readable {
  readonly #file: FileHandle
  #at: number
  readonly #end: number
  #reading: Promise<void> = Promise.resolve()

  constructor(file: FileHandle, { start, end }: ByteRange = { start: 0, end: Number.POSITIVE_INFINITY }) {
    super({ highWaterMark: READ_BYTES })
    this.#file = file
    this.#at = start
    this.#end = end
  }

  override _read(): void {
    this.#reading = this.#piece().catch((error: unknown) => void this.destroy(error as Error))
  }

  override _destroy(why: Error | null, done: (failure?: Error | null) => void): void {
    void this.#close(why, done)
  }

  /** A file that is being read must not be closed under it. */
  async #close(why: Error | null, done: (failure?: Error | null) => void): Promise<void> {
    await this.#reading
    try {
      await this.#file.close()
    } catch (failure) {
      return done(why ?? (failure as Error))
    }
    done(why)
  }

  async #piece(): Promise<void> {
    const wanted = Math.min(READ_BYTES, this.#end - this.#at + 1)
    if (wanted <= 0) return void this.push(null)
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, this.#at)
    if (this.destroyed) return
    this.#at += bytesRead
    bytesPassed(bytesRead)
    this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead))
  }
}
