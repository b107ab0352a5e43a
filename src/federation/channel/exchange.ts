/** One request and its response on an HTTP/2 session. */
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { pipeline, type Readable } from 'node:stream'
import type { Clock } from '#src/kit/clock.ts'
import { bodyOfAnswer } from './answer-body.ts'
import { PeerFailure } from './peer-failure.ts'

export interface PeerRequest {
  readonly path: string
  /** Names in lower case; none that belong to a connection. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Bytes can be sent again when a peer refuses a stream unprocessed; a stream cannot. */
  readonly body: Uint8Array | Readable
  readonly signal?: AbortSignal | undefined
}

export interface PeerResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** A stream is to be read to its end or destroyed; the peer is held back while nobody reads. */
  readonly body: Uint8Array | Readable
}

export interface ExchangeOptions {
  readonly authority: string
  readonly headersTimeoutMs: number
  /** Between two chunks of a response body. */
  readonly bodyIdleTimeoutMs: number
  readonly clock: Clock
  /** No headers came in time: perhaps the whole connection is dead. */
  readonly onSilence: () => void
  /** The peer is alive. */
  readonly onHeard: () => void
  /** The stream is gone, whatever became of the request. */
  readonly onClosed: () => void
}

export const exchange = (
  session: ClientHttp2Session,
  request: PeerRequest,
  options: ExchangeOptions,
): Promise<PeerResponse> =>
  new Promise((resolve, reject) => {
    const stream = openStream(session, request, options)
    const cancel = (): void => takeBack(stream)
    const timer = options.clock.after(options.headersTimeoutMs, () => {
      reject(new PeerFailure('http', 'no response headers in time'))
      options.onSilence()
      cancel()
    })
    const abort = (): void => {
      reject(request.signal?.reason)
      cancel()
    }
    request.signal?.addEventListener('abort', abort, { once: true })
    let cause: unknown
    let isAnswered = false
    stream.on('error', (error) => {
      cause = error
    })
    stream.once('response', (headers) => {
      options.onHeard()
      timer[Symbol.dispose]()
      stream.setTimeout(options.bodyIdleTimeoutMs, () =>
        stream.destroy(new PeerFailure('http', 'the answer stopped coming')),
      )
      const status = headers[':status']
      if (status === undefined) return cancel()
      isAnswered = true
      bodyOfAnswer(stream, options.clock).then((body) => resolve({ status, headers, body }), reject)
    })
    stream.once('close', () => {
      timer[Symbol.dispose]()
      request.signal?.removeEventListener('abort', abort)
      options.onClosed()
      if (!isAnswered) reject(unanswered(stream, cause))
    })
    sendBody(stream, request.body)
  })

const openStream = (session: ClientHttp2Session, request: PeerRequest, options: ExchangeOptions): ClientHttp2Stream => {
  const { path, headers, body } = request
  const head = { ':method': 'POST', ':scheme': 'https', ':authority': options.authority, ':path': path, ...headers }
  try {
    request.signal?.throwIfAborted()
    return session.request(head, { endStream: body instanceof Uint8Array && body.length === 0 })
  } catch (cause) {
    options.onClosed()
    request.signal?.throwIfAborted()
    // The session closed between being chosen and being used: nothing was sent.
    throw new PeerFailure('http', 'the session takes no more requests', { cause, isUnprocessed: true })
  }
}

const unanswered = (stream: ClientHttp2Stream, cause: unknown): PeerFailure =>
  new PeerFailure('http', 'the stream ended without response', { cause, isUnprocessed: isUnprocessed(stream) })

// Closing would end a request that is half sent as if it were whole; destroying resets it.
const takeBack = (stream: ClientHttp2Stream): void => {
  if (stream.writableEnded) stream.close(constants.NGHTTP2_CANCEL)
  else stream.destroy(new PeerFailure('http', 'the request was taken back'))
}

const sendBody = (stream: ClientHttp2Stream, body: Uint8Array | Readable): void => {
  if (!(body instanceof Uint8Array)) {
    // A failure of either side ends the stream, and its 'close' tells the caller.
    pipeline(body, stream, () => {})
  } else if (body.length > 0) {
    stream.end(body)
  }
}

const isUnprocessed = (stream: ClientHttp2Stream): boolean =>
  stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
