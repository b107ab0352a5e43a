/**
 * Request bodies that go on to a service while they come in, at the pace of the service, from clients that do send and
 * not only seem to.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '#src/kit/clock.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import { Refusal } from '#src/kit/errors.ts'
import { chunksOf } from '#src/kit/http/server.ts'
import { UPLOAD_BYTES_PER_SECOND_MIN, UPLOAD_GRACE_MS } from './limits.ts'

export interface PassingBody {
  readonly stream: AsyncIterable<Uint8Array>
  /** Why it broke off, if it did: over a network the service that reads it learns only that it did. */
  failure(): Refusal | undefined
}

/** What a client may keep us waiting for, and the speed at which it earns more of that. */
export interface Patience {
  readonly graceMs: number
  readonly bytesPerSecond: number
}

const PATIENCE: Patience = { graceMs: UPLOAD_GRACE_MS, bytesPerSecond: UPLOAD_BYTES_PER_SECOND_MIN }

export const passBody = (request: IncomingMessage, clock: Clock, patience = PATIENCE): PassingBody => {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== '') {
    throw new Refusal(415, 'unsupported-media-type', { detail: 'a body of this kind is not sent compressed' })
  }
  let failure: Refusal | undefined
  return {
    stream: inTime(chunksOf(request), { ...patience, clock }, (error) => (failure = refusalOf(error))),
    failure: () => failure,
  }
}

/** Only waiting for the client counts: a slow service is not its fault. */
async function* inTime(
  chunks: AsyncGenerator<Uint8Array>,
  { graceMs, bytesPerSecond, clock }: Patience & { readonly clock: Clock },
  refuse: (error: unknown) => Refusal,
): AsyncGenerator<Uint8Array> {
  let leftMs = graceMs
  try {
    for (;;) {
      const askedMs = clock.monotonicMs()
      const next = await withDeadline(chunks.next(), Math.max(leftMs, 0), 'waiting for an upload').catch((error) => {
        throw refuse(error)
      })
      if (next.done === true) return
      leftMs += (next.value.length / bytesPerSecond) * 1000 - (clock.monotonicMs() - askedMs)
      yield next.value
    }
  } finally {
    // Not awaited: it may be waiting for a client that sends nothing more.
    void chunks.return(undefined).catch(() => {})
  }
}

const refusalOf = (cause: unknown): Refusal =>
  cause instanceof DeadlineExceeded
    ? new Refusal(408, 'client-error', {
        detail: 'The body comes too slowly',
        cause,
        headers: { connection: 'close' },
      })
    : new Refusal(400, 'incomplete-body', { detail: 'The body ended early', cause })
