/** A body that did not come whole together with its head: a stream that holds the sender back while nobody reads. */
import { Readable } from 'node:stream'

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
    if (this.destroyed) return this.#report(0)
    const tooSlow = this.#pace?.came(chunk.length)
    if (tooSlow) return void this.destroy(tooSlow)
    const isWaitedFor = this.push(chunk)
    // Who listens has it already.
    this.#report(this.readableLength)
    if (isWaitedFor || !this.#isWaitedFor) return
    this.#isWaitedFor = false
    this.#pace?.rests()
  }

  finish(): void {
    this.#hasEnded = true
    this.push(null)
  }

  /** The platform asks for more only once per piece, so what was taken is seen here. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    this.#report(this.readableLength)
    return chunk
  }

  override _read(): void {
    if (this.#isWaitedFor) return
    this.#isWaitedFor = true
    this.#pace?.waits()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#report(0)
    if (!this.#hasEnded) this.#source.giveUp()
    callback(error)
  }

  #report(left: number): void {
    const read = this.#unread - left
    if (read <= 0) return
    this.#unread = left
    this.#source.consumed(read)
  }
}

const ignore = (): void => {}
