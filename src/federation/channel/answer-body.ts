/**
 * The body of a peer's answer. What is small and comes at once is had as bytes, which spares everybody on its way the
 * machinery of streams; the rest is a stream that holds the peer back while nobody reads.
 *
 * It listens from the moment the headers are there: a stream of `node:http2` that has closed before somebody begins to
 * read counts as broken off for the readers of the platform, even when all its bytes lie ready.
 */
import { Readable } from 'node:stream'
import type { Clock } from '#src/kit/clock.ts'
import { BODY_BYTES_PER_SECOND_MIN, BODY_GRACE_MS, HELD_BODY_BYTES_MAX } from '../limits.ts'
import { PeerFailure } from './peer-failure.ts'

interface AnswerStream extends Readable {
  readonly rstCode?: number | undefined
}

/** Rejects when the body breaks off before anything of it was passed on. */
export const bodyOfAnswer = (stream: AnswerStream, clock: Clock): Promise<Uint8Array | Readable> =>
  new Promise((resolve, reject) => {
    const held: Uint8Array[] = []
    let heldBytes = 0
    const hold = (chunk: Uint8Array): void => {
      held.push(chunk)
      heldBytes += chunk.length
      if (heldBytes > HELD_BODY_BYTES_MAX) goOn()
    }
    const stop = (): void => {
      clearImmediate(turn)
      stream.off('data', hold).off('end', end).off('close', breakOff)
    }
    const goOn = (): void => {
      stop()
      resolve(new StreamedAnswer(stream, held, clock))
    }
    const end = (): void => {
      stop()
      if (isCut(stream)) reject(brokenOff())
      else resolve(held.length === 1 && held[0] ? held[0] : Buffer.concat(held))
    }
    const breakOff = (): void => {
      stop()
      reject(brokenOff())
    }
    // Whoever sends headers and body at once has them arrive in one turn of the event loop.
    const turn = setImmediate(goOn)
    stream.on('data', hold).on('end', end).on('close', breakOff)
  })

// `node:http2` ends a stream whose connection was lost as if it were complete; only the code tells.
const isCut = ({ rstCode }: AnswerStream): boolean => (rstCode ?? 0) !== 0

const brokenOff = (): PeerFailure => new PeerFailure('http', 'the body broke off')

/**
 * Fails when the body breaks off, and when the peer lets us wait for it longer than a bad line explains: a byte now and
 * then never trips an idle time-out. Only waiting for the peer counts, so a slow reader on our side is not its fault.
 */
class StreamedAnswer extends Readable {
  readonly #stream: AnswerStream
  readonly #clock: Clock
  #askedMs: number
  #waitedMs = 0
  #bytes = 0
  #isHeldBack = false
  #hasEnded = false

  constructor(stream: AnswerStream, held: readonly Uint8Array[], clock: Clock) {
    super({ highWaterMark: HELD_BODY_BYTES_MAX })
    this.#stream = stream
    this.#clock = clock
    this.#askedMs = clock.monotonicMs()
    // It may break before anybody reads; who reads then is told, and the process must not end for want of a listener.
    this.on('error', () => {})
    for (const chunk of held) this.#passOn(chunk)
    stream.on('data', (chunk: Uint8Array) => this.#take(chunk))
    stream.on('error', (error: Error) => this.destroy(error))
    stream.on('end', () => this.#end())
    stream.on('close', () => {
      if (!this.#hasEnded) this.destroy(brokenOff())
    })
  }

  override _read(): void {
    if (!this.#isHeldBack) return
    this.#isHeldBack = false
    this.#askedMs = this.#clock.monotonicMs()
    this.#stream.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Nobody reads the rest, so the peer need not send it.
    if (!this.#hasEnded && !this.#stream.destroyed) this.#stream.destroy(error ?? undefined)
    callback(error)
  }

  #take(chunk: Uint8Array): void {
    const nowMs = this.#clock.monotonicMs()
    this.#waitedMs += nowMs - this.#askedMs
    this.#askedMs = nowMs
    this.#bytes += chunk.length
    if (this.#waitedMs > BODY_GRACE_MS + (this.#bytes / BODY_BYTES_PER_SECOND_MIN) * 1000) {
      this.destroy(new PeerFailure('http', 'the answer comes too slowly'))
    } else {
      this.#passOn(chunk)
    }
  }

  #passOn(chunk: Uint8Array): void {
    if (this.push(chunk)) return
    this.#isHeldBack = true
    this.#stream.pause()
  }

  #end(): void {
    this.#hasEnded = true
    if (isCut(this.#stream)) this.destroy(brokenOff())
    else this.push(null)
  }
}
