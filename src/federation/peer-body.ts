/**
 * The body of a request of a peer. A small one is had as bytes. A large one goes on to the component while it comes, so
 * that it is never held here; it breaks off when it is too large, too slow or broken off itself, and then no component
 * has a whole request that it could act upon.
 */
import type { Readable } from 'node:stream'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { Refusal } from '#src/kit/errors.ts'
import { FEDERATION_REQUEST_BYTES_MAX } from '#src/rpc/limits.ts'
import { chunksOfRequest, collect, type RequestBody } from './bodies.ts'
import { HELD_BODY_BYTES_MAX, REQUEST_BODY_TIMEOUT_MS } from './limits.ts'
import { bodyTooLarge } from './refusals.ts'

export interface PeerBody {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  /** Why it broke off, if it did: over a network the component that reads it learns only that it did. */
  failure(): Refusal | undefined
}

/** Throws a {@link Refusal} when even its beginning does not come. */
export const readPeerBody = async (sent: RequestBody, clock: Clock): Promise<PeerBody> => {
  if (sent instanceof Uint8Array) {
    if (sent.length > FEDERATION_REQUEST_BYTES_MAX) throw bodyTooLarge()
    return { body: sent, failure: noFailure }
  }
  const endMs = clock.monotonicMs() + REQUEST_BODY_TIMEOUT_MS
  const { bytes, isWhole } = await inTime(collect(sent, HELD_BODY_BYTES_MAX), REQUEST_BODY_TIMEOUT_MS)
  if (isWhole) return { body: bytes, failure: noFailure }
  let failure: Refusal | undefined
  const body = goOn(bytes, sent, () => endMs - clock.monotonicMs())
  return { body: noting(body, (refusal) => (failure = refusal)), failure: () => failure }
}

const noFailure = (): undefined => undefined

async function* goOn(first: Uint8Array, stream: Readable, leftMs: () => number): AsyncGenerator<Uint8Array> {
  let size = first.length
  yield first
  const rest = chunksOfRequest(stream)
  try {
    for (;;) {
      const { done, value } = await inTime(rest.next(), Math.max(leftMs(), 0))
      if (done === true) return
      size += value.length
      if (size > FEDERATION_REQUEST_BYTES_MAX) throw bodyTooLarge()
      yield value
    }
  } finally {
    // Not awaited: it may be waiting for a peer that sends nothing more.
    void rest.return(undefined).catch(() => {})
  }
}

async function* noting(
  chunks: AsyncGenerator<Uint8Array>,
  note: (refusal: Refusal) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    if (error instanceof Refusal) note(error)
    throw error
  }
}

const inTime = <T>(work: Promise<T>, ms: number): Promise<T> =>
  withDeadline(work, ms, 'reading a request').catch((cause: unknown) => {
    throw new Refusal(408, 'client-error', { detail: 'the request body did not arrive', cause })
  })
