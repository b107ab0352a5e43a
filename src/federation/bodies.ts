/** Reading and passing on bodies, without holding more than allowed and without outrunning the reader. */
import { finished, pipeline, Readable, type Writable } from 'node:stream'
import type { Clock } from '#src/kit/clock.ts'

/**
 * The whole body, or undefined once it is larger than `limit`; what comes after that is not read. By events, because
 * the iterator of a stream costs more than everything else that happens to a small request.
 */
export const collect = (stream: Readable, limit: number): Promise<Uint8Array | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const stop = (): void => {
      stream.off('data', take)
      stream.pause()
    }
    const take = (chunk: Uint8Array): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= limit) return
      stop()
      resolve(undefined)
    }
    stream.on('data', take)
    stream.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('the body ended early')))
  })

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

/** Writes a body and ends the destination, at the pace of the destination. */
export const pour = (body: Uint8Array | AsyncIterable<Uint8Array>, destination: Writable): void => {
  if (body instanceof Uint8Array) {
    destination.end(body)
    return
  }
  const source = body instanceof Readable ? body : Readable.from(body, { objectMode: false })
  // When either side breaks, the other is destroyed: half a body must never look like a whole one.
  pipeline(source, destination, () => {})
}
