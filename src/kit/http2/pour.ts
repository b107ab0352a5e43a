/** Sends a body on a stream and ends it, at the pace of the other end. */
import { Readable } from 'node:stream'
import { CODE } from './protocol.ts'
import type { Http2Stream } from './stream.ts'

export const pour = (body: Uint8Array | AsyncIterable<Uint8Array>, stream: Http2Stream<unknown>): void => {
  if (body instanceof Uint8Array) return stream.end(body)
  const source = body instanceof Readable ? body : Readable.from(body, { objectMode: false })
  if (stream.isClosed) return void source.destroy()
  // Half a body must never look like a whole one.
  const breakOff = (error?: Error): void => stream.reset(CODE.internalError, 'the body to be sent broke off', error)
  const closed = (): void => breakOff()
  source.on('data', (chunk: Uint8Array) => {
    if (!stream.write(chunk)) source.pause()
  })
  source.once('end', () => {
    source.off('close', closed)
    stream.end()
  })
  source.on('error', breakOff)
  source.once('close', closed)
  // By name: a function that is written into a property is old from its birth (docs/decisions/what-grows-old.md).
  const goOn = (): void => void source.resume()
  const giveUp = (): void => {
    if (!source.readableEnded) source.destroy()
  }
  stream.onDrain = goOn
  stream.onGone = giveUp
}
