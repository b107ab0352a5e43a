/** HTTP/2 at the door, on the stream interface of `node:http2`: its request and response objects cost as much again. */
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { errorResponse } from '#src/kit/http/router.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { discard, pour } from '../bodies.ts'
import {
  INGRESS_HEADER_BYTES_MAX,
  INGRESS_HEADER_PAIRS_MAX,
  INGRESS_IDLE_MS,
  INGRESS_INVALID_FRAMES_MAX,
  INGRESS_RESETS_BURST,
  INGRESS_RESETS_PER_SECOND,
  INGRESS_SESSION_MEGABYTES_MAX,
  INGRESS_STREAM_IDLE_MS,
  INGRESS_STREAMS_MAX,
  FRAME_BYTES_MAX,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from '../limits.ts'
import { malformed } from '../refusals.ts'
import type { Door, Knocker } from './door.ts'

export interface Http2Needs {
  readonly door: Door
  readonly from: Knocker
  readonly log: Log
}

export const startHttp2 = (socket: TLSSocket, { door, from, log }: Http2Needs): ServerHttp2Session => {
  const session = performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: INGRESS_STREAMS_MAX,
      maxHeaderListSize: INGRESS_HEADER_BYTES_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxFrameSize: FRAME_BYTES_MAX,
    },
    maxHeaderListPairs: INGRESS_HEADER_PAIRS_MAX,
    maxSessionMemory: INGRESS_SESSION_MEGABYTES_MAX,
    maxSessionInvalidFrames: INGRESS_INVALID_FRAMES_MAX,
    maxSessionRejectedStreams: INGRESS_INVALID_FRAMES_MAX,
    streamResetBurst: INGRESS_RESETS_BURST,
    streamResetRate: INGRESS_RESETS_PER_SECOND,
  })
  session.setLocalWindowSize(SESSION_WINDOW_BYTES)
  session.setTimeout(INGRESS_IDLE_MS, () => session.close())
  // What a peer does to its own session concerns nobody else, and must not end the process.
  session.on('error', () => {})
  session.on('stream', (stream, headers, _flags, rawHeaders) => {
    stream.on('error', () => {})
    // With an error, because closing would end half an answer as if it were a whole one.
    stream.setTimeout(INGRESS_STREAM_IDLE_MS, () => stream.destroy(new Error('nothing moves')))
    if (sizeOf(rawHeaders) > INGRESS_HEADER_BYTES_MAX) return respond(stream, headersTooLarge())
    void answer(stream, headers, { door, from, log })
  })
  return session
}

/** RFC 9113 §6.5.2: what we announce as our limit is advice to the peer, and nobody enforces it for us. */
const sizeOf = (rawHeaders: readonly string[]): number => {
  let size = 0
  for (const text of rawHeaders) size += text.length
  return size
}

const headersTooLarge = (): WireResponse => ({ ...malformed('the headers are too large'), status: 431 })

const answer = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, needs: Http2Needs): Promise<void> => {
  const { door, from, log } = needs
  const answered = await door(arrivalOf(stream, headers), from).catch((error: unknown) =>
    errorResponse(error, { log, what: 'receiving from another backend' }),
  )
  respond(stream, answered)
  // A connection that cannot authenticate is not kept: nothing good comes over it later.
  if (!from.identity) stream.session?.close()
}

const arrivalOf = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => ({
  method: headers[':method'] ?? '',
  target: headers[':path'] ?? '',
  authority: headers[':authority'] ?? headers.host,
  originDomain: valueOf(headers, 'wire-origin-domain'),
  apiVersion: valueOf(headers, 'x-wire-api-version'),
  requestId: valueOf(headers, 'wire-origin-request-id'),
  traceparent: valueOf(headers, 'traceparent'),
  body: stream,
})

const valueOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'object' ? value.join(', ') : value
}

const respond = (stream: ServerHttp2Stream, { status, headers, body }: WireResponse): void => {
  if (stream.destroyed || stream.closed || stream.headersSent) return discard(body)
  const isEmpty = body instanceof Uint8Array && body.length === 0
  stream.respond({ ':status': status, ...headers }, { endStream: isEmpty })
  // RFC 9113 §8.1: the answer is complete, so the rest of a request that we did not want need not be sent.
  stream.once('finish', () => {
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
  })
  if (!isEmpty) pour(body, stream)
}
