/** Reading and passing on bodies, without holding more than allowed and without outrunning the reader. */
import { finished, Readable, type Writable } from 'node:stream'
import type { Clock } from '#src/kit/clock.ts'

/** Bytes when all of it came together with the head of the request: then nobody needs the machinery of streams. */
export type RequestBody = Uint8Array | Readable

/**
 * The whole body, or undefined once it is larger than `limit`; what comes after that is not read. By events, because
 * the iterator of a stream costs more than everything else that happens to a small request.
 */
export const collect = (stream: Readable, limit: number): Promise<Uint8Array | undefined> =>
  new Promise((resolve, reject) => {
    const complete = (): void => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    const chunks: Uint8Array[] = []
    // It broke off before anybody listened.
    if (stream.destroyed) return reject(stream.errored ?? brokenOff())
    let size = 0
    const take = (chunk: Uint8Array): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= limit) return
      stream.off('data', take)
      stream.pause()
      resolve(undefined)
    }
    const breakOff = (): void => reject(brokenOff())
    stream.on('data', take)
    stream.once('error', reject)
    stream.once('close', breakOff)
    stream.once('end', () => {
      stream.off('close', breakOff)
      complete()
    })
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

/** Writes a body and ends the destination, at the pace of the destination. */
export const pour = (body: Uint8Array | AsyncIterable<Uint8Array>, destination: Writable): void => {
  if (body instanceof Uint8Array) {
    destination.end(body)
    return
  }
  flow(body instanceof Readable ? body : Readable.from(body, { objectMode: false }), destination)
}

/** By events: `pipeline` makes an abort signal and its exception for every body, which costs more than a small one. */
const flow = (source: Readable, destination: Writable): void => {
  // When either side breaks, the other is destroyed: half a body must never look like a whole one.
  const breakOff = (error: Error = brokenOff()): void => void destination.destroy(error)
  source.on('data', (chunk: Uint8Array) => {
    if (!destination.write(chunk)) source.pause()
  })
  destination.on('drain', () => source.resume())
  source.on('error', breakOff)
  source.once('end', () => {
    source.off('close', closed)
    destination.end()
  })
  const closed = (): void => breakOff()
  source.once('close', closed)
  // Its own failures concern nobody else; what follows from them is the closing.
  destination.on('error', () => {})
  destination.once('close', () => {
    if (!source.readableEnded) source.destroy()
  })
}
