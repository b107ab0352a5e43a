/** One request and its response on an HTTP/2 session. */
import type { Readable } from 'node:stream'
import type { ClientConnection } from '#src/kit/http2/client.ts'
import { AnswerOverdue, StreamBroken } from '#src/kit/http2/errors.ts'
import type { AnswerHead } from '#src/kit/http2/messages.ts'
import { pour } from '#src/kit/http2/pour.ts'
import { CODE } from '#src/kit/http2/protocol.ts'
import type { Http2Stream, StreamEvents } from '#src/kit/http2/stream.ts'
import { PeerFailure } from './peer-failure.ts'

export interface PeerRequest {
  readonly path: string
  /** Names in lower case; none that belong to a connection. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Bytes can be sent again when a peer refuses a stream unprocessed; a stream cannot. */
  readonly body: Uint8Array | Readable
  readonly signal?: AbortSignal | undefined
}

/** Names in lower case, without prototype: they are the peer's. */
export type PeerHeaders = Readonly<Record<string, string | readonly string[]>>

export interface PeerResponse {
  readonly status: number
  readonly headers: PeerHeaders
  /** A stream is to be read to its end or destroyed; the peer is held back while nobody reads. */
  readonly body: Uint8Array | Readable
  /** Numeric address of the peer. */
  readonly remoteAddress: string
}

export interface ExchangeOptions {
  readonly authority: string
  readonly remoteAddress: string
  /** The peer is alive. */
  readonly onHeard: () => void
  /** The stream is gone, whatever became of the request. */
  readonly onClosed: () => void
}

/** Rejects with a {@link PeerFailure}, or with the reason of the request's signal. */
export const exchange = (
  connection: ClientConnection,
  request: PeerRequest,
  options: ExchangeOptions,
): Promise<PeerResponse> =>
  new Promise((resolve, reject) => {
    const { signal, body } = request
    let isAnswered = false
    const stream = openStream(connection, request, {
      authority: options.authority,
      onMessage: ({ status, fields }, answer) => {
        isAnswered = true
        options.onHeard()
        resolve({ status, headers: headersOf(fields), body: answer, remoteAddress: options.remoteAddress })
      },
      onClosed: (error) => {
        signal?.removeEventListener('abort', takeBack)
        options.onClosed()
        if (!isAnswered) reject(signal?.aborted ? signal.reason : unanswered(error))
      },
    })
    const takeBack = (): void => stream.reset(CODE.cancel, 'the request was taken back')
    signal?.addEventListener('abort', takeBack, { once: true })
    if (!(body instanceof Uint8Array) || body.length > 0) pour(body, stream)
  })

type AnswerEvents = StreamEvents<AnswerHead> & { readonly authority: string }

const openStream = (
  connection: ClientConnection,
  request: PeerRequest,
  events: AnswerEvents,
): Http2Stream<AnswerHead> => {
  const { path, headers, body, signal } = request
  const fields = [':method', 'POST', ':scheme', 'https', ':authority', events.authority, ':path', path]
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (typeof value === 'string') fields.push(name, value)
    else if (value) for (const each of value) fields.push(name, each)
  }
  const hasBody = !(body instanceof Uint8Array) || body.length > 0
  try {
    signal?.throwIfAborted()
    return connection.request({ method: 'POST', fields, hasBody }, events)
  } catch (cause) {
    events.onClosed(undefined)
    signal?.throwIfAborted()
    // The session closed between being chosen and being used: nothing was sent.
    const isUnprocessed = cause instanceof StreamBroken && cause.isUnprocessed
    throw new PeerFailure('http', 'the session takes no such request', { cause, isUnprocessed })
  }
}

const unanswered = (error: StreamBroken | undefined): PeerFailure =>
  new PeerFailure('http', error instanceof AnswerOverdue ? error.message : 'the stream ended without response', {
    cause: error,
    isUnprocessed: error?.isUnprocessed ?? false,
  })

/** RFC 9110 §5.3; of what is there once by its nature, only the first counts. */
const ONE_VALUE = new Set(['content-type', 'date', 'etag', 'last-modified', 'location', 'retry-after', 'server'])

const headersOf = (fields: readonly string[]): PeerHeaders => {
  const headers: Record<string, string | readonly string[]> = Object.create(null)
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    const value = fields[index + 1] ?? ''
    const before = headers[name]
    if (before === undefined) headers[name] = name === 'set-cookie' ? [value] : value
    else if (typeof before !== 'string') headers[name] = [...before, value]
    else if (!ONE_VALUE.has(name)) headers[name] = `${before}, ${value}`
  }
  return headers
}
