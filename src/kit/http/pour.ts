/** Writes a body and ends the destination, at the pace of the destination. */
import { Readable, type Writable } from 'node:stream'
import { givePieceBack } from '../pieces.ts'

type Body = Uint8Array | AsyncIterable<Uint8Array>

export const pour = (body: Body, destination: Writable): void => {
  if (body instanceof Uint8Array) {
    destination.end(body)
    return
  }
  flow(streamOf(body), destination, { begin: nothing, fail: (error) => void destination.destroy(error) })
}

/** Where the destination is ready only when the body has begun to come, so that a body that fails before can be told of. */
export interface Beginning {
  /** The first bytes are there, or the end. */
  begin(): void
  /** It broke before it began. Called once, and `begin` is not. */
  fail(error: Error): void
}

/** The same for a stream whose beginning is waited for. */
export const pourOnceBegun = (body: AsyncIterable<Uint8Array>, destination: Writable, beginning: Beginning): void =>
  flow(streamOf(body), destination, beginning)

// A stream as it is: wrapped, it would learn only with its next chunk that the reader has gone.
const streamOf = (body: AsyncIterable<Uint8Array>): Readable =>
  body instanceof Readable ? body : Readable.from(body, { objectMode: false })

const nothing = (): void => {}

/** By events: `pipeline` makes an abort signal and its exception for every body, which costs more than a small one. */
const flow = (source: Readable, destination: Writable, { begin, fail }: Beginning): void => {
  let hasBegun = false
  const toBegin = (): void => {
    if (!hasBegun) begin()
    hasBegun = true
  }
  // When either side breaks, the other is destroyed: half a body must never look like a whole one.
  const breakOff = (error = new Error('the body broke off')): void => {
    if (destination.destroyed) return
    source.off('error', breakOff).off('close', closed).on('error', nothing)
    if (hasBegun) destination.destroy(error)
    else fail(error)
  }
  const closed = (): void => breakOff()
  source.on('data', (chunk: Uint8Array) => {
    toBegin()
    const isWritten = (failure?: Error | null): void => {
      // It may be under way still when the destination has failed.
      if (!failure) givePieceBack(chunk)
    }
    if (!destination.write(chunk, isWritten)) source.pause()
  })
  source.on('error', breakOff).once('close', closed)
  source.once('end', () => {
    source.off('close', closed)
    toBegin()
    destination.end()
  })
  destination.on('drain', () => source.resume())
  // Its own failures concern nobody else; what follows from them is the closing.
  destination.on('error', nothing)
  destination.once('close', () => {
    if (!source.readableEnded) source.destroy()
  })
}
