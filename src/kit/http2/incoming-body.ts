/**
 * A body that did not come whole together with its head: a stream that holds the sender back while nobody reads.
 *
 * TLS delivers a large body in records of 16 KiB. Whoever passes them on pays for each piece, in events and calls of the
 * system, more than it costs to copy it; so those of one turn of the event loop are put together.
 */
import { Readable } from 'node:stream'
import { bytesPassed } from '../passing-bytes.ts'
import { borrowPiece, filled, givePieceBack, PIECE_BYTES } from '../pieces.ts'

/** Judges how fast a body comes. Only waiting for the sender counts, so a slow reader is not its fault. */
export interface Pace {
  /** Somebody waits for the next piece from now on. */
  waits(): void
  /** Nobody does. */
  rests(): void
  /** So many bytes came; an error when that was too slow. */
  came(bytes: number): Error | undefined
}

/** Where it comes from. */
export interface BodySource {
  /** So many bytes were read, and as many more may be sent. */
  consumed(bytes: number): void
  /** Nobody wants what is left. */
  giveUp(): void
  /** To be told by {@link IncomingBody.deliver} when this turn is over. */
  gathers(): void
}

export interface BodyOptions {
  readonly heldBytesMax: number
  readonly pace: Pace | undefined
}

export class IncomingBody extends Readable {
  readonly #source: BodySource
  readonly #pace: Pace | undefined
  /** What has come and has not been reported as read. */
  #unread = 0
  #hasEnded = false
  #isWaitedFor = true
  #gathered: Buffer | undefined
  #gatheredBytes = 0

  constructor(source: BodySource, { heldBytesMax, pace }: BodyOptions) {
    super({ highWaterMark: heldBytesMax })
    this.#source = source
    this.#pace = pace
    pace?.waits()
    // It may break before anybody reads; who reads then is told, and the process must not end for want of a listener.
    this.on('error', ignore)
  }

  arrive(chunk: Uint8Array): void {
    this.#unread += chunk.length
    bytesPassed(chunk.length)
    if (this.destroyed) return this.#report(0)
    for (let taken = 0; taken < chunk.length && !this.destroyed;) taken += this.#gather(chunk, taken)
  }

  /** Passes on what has been gathered. */
  deliver(): void {
    const gathered = this.#gathered
    if (!gathered || this.destroyed) return
    const piece = filled(gathered, this.#gatheredBytes)
    this.#gathered = undefined
    this.#gatheredBytes = 0
    const tooSlow = this.#pace?.came(piece.length)
    if (tooSlow) return void this.destroy(tooSlow)
    const isWaitedFor = this.push(piece)
    // Who listens has it already.
    this.#reportRead()
    if (isWaitedFor || !this.#isWaitedFor) return
    this.#isWaitedFor = false
    this.#pace?.rests()
  }

  finish(): void {
    this.deliver()
    this.#hasEnded = true
    this.push(null)
  }

  /** The platform asks for more only once per piece, so what was taken is seen here. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    this.#reportRead()
    return chunk
  }

  override _read(): void {
    if (this.#isWaitedFor) return
    this.#isWaitedFor = true
    this.#pace?.waits()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#gathered) givePieceBack(this.#gathered)
    this.#gathered = undefined
    this.#report(0)
    if (!this.#hasEnded) this.#source.giveUp()
    callback(error)
  }

  /** Copies as much as there is room for, and returns how much that was. */
  #gather(chunk: Uint8Array, from: number): number {
    if (!this.#gathered) this.#source.gathers()
    this.#gathered ??= borrowPiece()
    const bytes = Math.min(chunk.length - from, PIECE_BYTES - this.#gatheredBytes)
    const isWhole = bytes === chunk.length
    this.#gathered.set(isWhole ? chunk : chunk.subarray(from, from + bytes), this.#gatheredBytes)
    this.#gatheredBytes += bytes
    if (this.#gatheredBytes === PIECE_BYTES) this.deliver()
    return bytes
  }

  #reportRead(): void {
    this.#report(this.readableLength + this.#gatheredBytes)
  }

  #report(left: number): void {
    const read = this.#unread - left
    if (read <= 0) return
    this.#unread = left
    this.#source.consumed(read)
  }
}

const ignore = (): void => {}
