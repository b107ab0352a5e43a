/** HTTP/1.1 at the door. No peer needs it, but a person with `curl` may. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { errorResponse } from '#src/kit/http/router.ts'
import type { Log } from '#src/kit/log.ts'
import { headerOf, respond } from '../http1.ts'
import type { Door, Knocker } from './door.ts'

export interface Http1Needs {
  readonly door: Door
  readonly knockerOf: (socket: TLSSocket) => Knocker
  readonly log: Log
}

export const http1Engine =
  ({ door, knockerOf, log }: Http1Needs): RequestListener =>
  (request, response) => {
    if (!(request.socket instanceof TLSSocket)) return void request.socket.destroy()
    void answer(request, response, { door, from: knockerOf(request.socket), log })
  }

interface Answering {
  readonly door: Door
  readonly from: Knocker
  readonly log: Log
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { door, from, log }: Answering,
): Promise<void> => {
  const answered = await door(arrivalOf(request), from).catch((error: unknown) =>
    errorResponse(error, { log, what: 'receiving from another backend' }),
  )
  // A connection that cannot authenticate is not kept: nothing good comes over it later.
  if (!from.identity) response.shouldKeepAlive = false
  respond(response, answered)
}

const arrivalOf = (request: IncomingMessage) => ({
  method: request.method ?? '',
  target: request.url ?? '',
  authority: headerOf(request, 'host'),
  originDomain: headerOf(request, 'wire-origin-domain'),
  apiVersion: headerOf(request, 'x-wire-api-version'),
  requestId: headerOf(request, 'wire-origin-request-id'),
  traceparent: headerOf(request, 'traceparent'),
  body: request,
})
