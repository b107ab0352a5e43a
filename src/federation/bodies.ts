/** Reading and passing on bodies, without holding more than allowed and without outrunning the reader. */
import { finished, Readable } from 'node:stream'
import type { Clock } from '#src/kit/clock.ts'

/** Bytes when all of it came together with the head of the request: then nobody needs the machinery of streams. */
export type RequestBody = Uint8Array | Readable

export interface Collected {
  readonly bytes: Uint8Array
  /** False when there is more than was to be collected; then the stream waits for its next reader. */
  readonly isWhole: boolean
}

/**
 * The whole body, or its beginning once that is larger than `limit`. By events, because the iterator of a stream costs
 * more than everything else that happens to a small request.
 */
export const collect = (stream: Readable, limit: number): Promise<Collected> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const stop = (isWhole: boolean): void => {
      stream.off('data', take).off('close', breakOff).off('end', complete)
      resolve({ bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), isWhole })
    }
    const complete = (): void => stop(true)
    const breakOff = (): void => reject(brokenOff())
    const take = (chunk: Uint8Array): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= limit) return
      stream.pause()
      stop(false)
    }
    // It was over, one way or the other, before anybody listened.
    if (stream.readableEnded) return complete()
    if (stream.destroyed) return reject(stream.errored ?? brokenOff())
    stream.on('data', take).once('error', reject).once('close', breakOff).once('end', complete)
    // It may break again when nobody waits for it any more, and the process must not end for want of a listener.
    stream.on('error', () => {})
  })

const brokenOff = (): Error => new Error('the body broke off')

/** A request body as it comes; unlike the stream itself it can be read and destroyed without harm to the answer. */
export async function* chunksOfRequest(stream: Readable): AsyncGenerator<Uint8Array> {
  yield* stream.iterator({ destroyOnReturn: false })
}

export interface FirstBytes {
  readonly limit: number
  readonly timeoutMs: number
  readonly clock: Clock
}

/** What comes of a body within bounds of size and time; the rest is cut off at the sender. */
export const collectFirst = (stream: Readable, { limit, timeoutMs, clock }: FirstBytes): Promise<Uint8Array> =>
  new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const timer = clock.after(timeoutMs, () => stream.destroy())
    stream.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      chunks.push(chunk)
      if (size >= limit) stream.destroy()
    })
    // Cut off by the sender: what has come is what there is to say.
    stream.once('error', () => {})
    finished(stream, () => {
      timer[Symbol.dispose]()
      resolve(Buffer.concat(chunks).subarray(0, limit))
    })
  })

/** Gives up a body that nobody will read: whoever makes it stops, and lets go of what he holds for it. */
export const discard = (body: Uint8Array | AsyncIterable<Uint8Array>): void => {
  if (body instanceof Readable) body.destroy()
}
