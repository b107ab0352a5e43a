/** HTTP/2 at the door, on the engine in `kit/http2/`. */
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '#src/kit/clock.ts'
import { errorResponse } from '#src/kit/http/router.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import { EngineFault } from '#src/kit/http2/errors.ts'
import { hasNoBody, type RequestHead } from '#src/kit/http2/messages.ts'
import { pour } from '#src/kit/http2/pour.ts'
import { CODE } from '#src/kit/http2/protocol.ts'
import { type Asked, ServerConnection } from '#src/kit/http2/server.ts'
import type { Http2Stream } from '#src/kit/http2/stream.ts'
import type { Log } from '#src/kit/log.ts'
import { collect, discard } from '../bodies.ts'
import { http2Options } from '../http2-options.ts'
import {
  INGRESS_HEADER_BYTES_MAX,
  INGRESS_HEADER_PAIRS_MAX,
  INGRESS_IDLE_MS,
  INGRESS_RESETS_BURST,
  INGRESS_RESETS_PER_SECOND,
  INGRESS_STREAM_IDLE_MS,
  INGRESS_STREAMS_MAX,
  REFUSED_BODY_BYTES_MAX,
  REFUSED_MS,
} from '../limits.ts'
import { malformed } from '../refusals.ts'
import type { Arrival, Door, Knocker } from './door.ts'

export interface Http2Needs {
  readonly door: Door
  readonly from: Knocker
  readonly clock: Clock
  readonly log: Log
  readonly onClosed: () => void
}

export const startHttp2 = (socket: TLSSocket, needs: Http2Needs): ServerConnection => {
  const options = {
    ...http2Options(needs.clock),
    streamsMax: INGRESS_STREAMS_MAX,
    headers: { charactersMax: INGRESS_HEADER_BYTES_MAX, pairsMax: INGRESS_HEADER_PAIRS_MAX },
    resets: { burst: INGRESS_RESETS_BURST, perSecond: INGRESS_RESETS_PER_SECOND },
    idleMs: INGRESS_IDLE_MS,
    streamIdleMs: INGRESS_STREAM_IDLE_MS,
  }
  let isRefused = false
  const connection = new ServerConnection(socket, options, {
    onRequest: async (asked) => {
      await answer(asked, needs).catch((error: unknown) => {
        // An answer with a field that may not be sent, for one: the peer is told that there is none.
        needs.log.error({ err: error }, 'an answer to another backend could not be sent')
        asked.stream.reset(CODE.internalError, 'the answer could not be sent', error)
      })
      // A connection that cannot authenticate is not kept: nothing good comes over it later.
      if (!needs.from.identity && !isRefused) closeWhenRead(connection, needs.clock)
      isRefused = true
    },
    onClosed: (error) => {
      needs.onClosed()
      if (error instanceof EngineFault)
        needs.log.error({ err: error }, 'a connection of another backend ended by our fault')
      // What a peer does to its own connection concerns nobody else.
      else if (error) needs.log.debug({ err: error }, 'a connection of another backend broke off')
    },
  })
  return connection
}

/** A goodbye together with the answer makes some clients (curl 7.88) forget the answer, so it comes when that was read. */
const closeWhenRead = (connection: ServerConnection, clock: Clock): void => {
  const timer = clock.after(REFUSED_MS, () => connection.close())
  connection.ping(() => {
    timer[Symbol.dispose]()
    connection.close()
  })
}

const answer = async (
  { head, body, stream, isTooLarge }: Asked,
  { door, from, clock, log }: Http2Needs,
): Promise<void> => {
  if (isTooLarge) return respond(stream, head, headersTooLarge())
  if (!from.identity && !(body instanceof Uint8Array)) await heardOut(body, clock)
  const answered = await door(arrivalOf(head, body), from).catch((error: unknown) =>
    errorResponse(error, { log, what: 'receiving from another backend' }),
  )
  respond(stream, head, answered)
}

/**
 * An answer that comes while the request is still being sent is forgotten by some clients (curl 7.88), so a stranger may
 * finish what he has to say if it is short and comes soon.
 */
const heardOut = (body: Readable, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.after(REFUSED_MS, resolve)
    const over = (): void => {
      timer[Symbol.dispose]()
      resolve()
    }
    // One that breaks off has no answer coming.
    collect(body, REFUSED_BODY_BYTES_MAX).then(over, over)
  })

const headersTooLarge = (): WireResponse => ({ ...malformed('the headers are too large'), status: 431 })

const arrivalOf = ({ method, target, authority, fields }: RequestHead, body: Arrival['body']): Arrival => {
  let [originDomain, apiVersion, requestId, traceparent]: (string | undefined)[] = []
  for (let index = 0; index < fields.length; index += 2) {
    const value = fields[index + 1] ?? ''
    switch (fields[index]) {
      case 'wire-origin-domain':
        originDomain = joined(originDomain, value)
        break
      case 'x-wire-api-version':
        apiVersion = joined(apiVersion, value)
        break
      case 'wire-origin-request-id':
        requestId = joined(requestId, value)
        break
      case 'traceparent':
        traceparent = joined(traceparent, value)
        break
      default:
    }
  }
  return { method, target, authority, originDomain, apiVersion, requestId, traceparent, body }
}

/** RFC 9110 §5.3. */
const joined = (before: string | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`

const respond = (
  stream: Http2Stream<RequestHead>,
  { method }: RequestHead,
  { status, headers, body }: WireResponse,
): void => {
  if (stream.isClosed) return discard(body)
  const isEmpty = (body instanceof Uint8Array && body.length === 0) || hasNoBody(status, method)
  const fields = [':status', String(status)]
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') fields.push(name, value)
    else for (const each of value) fields.push(name, each)
  }
  try {
    stream.sendHead(fields, isEmpty)
  } catch (error) {
    discard(body)
    throw error
  }
  if (isEmpty) discard(body)
  else pour(body, stream)
}
