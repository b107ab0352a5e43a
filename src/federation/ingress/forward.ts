/**
 * The way inward when the federator is another process: HTTP/1.1 on kept connections, streamed both ways. Only what
 * the door has read travels, plus the certificate and our secret; the peer's other headers have ended already.
 */
import { type ConnectionPool, connectionPool } from '#src/kit/http/connection-pool.ts'
import { NO_BODY, type WireResponse } from '#src/kit/http/wire.ts'
import { chunksOfRequest, type RequestBody } from '../bodies.ts'
import { INGRESS_SECRET_HEADER } from '../ingress-secret.ts'
import type { HandleInward, InwardRequest } from '../inward.ts'
import {
  COMPONENT_HEADERS_TIMEOUT_MS,
  FORWARD_CONNECTIONS_MAX,
  FORWARD_KEEP_ALIVE_MS,
  FORWARD_SLACK_MS,
  RESPONSE_IDLE_TIMEOUT_MS,
} from '../limits.ts'
import { malformed } from '../refusals.ts'

export interface Forwarder extends AsyncDisposable {
  readonly handle: HandleInward
}

export const forwardTo = (inwardUrl: string, secret: string): Forwarder => {
  const pool = connectionPool(inwardUrl, {
    connectionsMax: FORWARD_CONNECTIONS_MAX,
    keepAliveMs: FORWARD_KEEP_ALIVE_MS,
    connectTimeoutMs: COMPONENT_HEADERS_TIMEOUT_MS,
    headersTimeoutMs: COMPONENT_HEADERS_TIMEOUT_MS + FORWARD_SLACK_MS,
    bodyTimeoutMs: RESPONSE_IDLE_TIMEOUT_MS,
  })
  return {
    handle: (request) => forward(request, { pool, secret }).catch(() => unreachable()),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

interface Way {
  readonly pool: ConnectionPool
  readonly secret: string
}

const forward = async (request: InwardRequest, { pool, secret }: Way): Promise<WireResponse> => {
  const { status, headers, body } = await pool.request({
    method: request.method,
    path: request.target,
    headers: { ...headersOf(request), [INGRESS_SECRET_HEADER]: secret },
    body: request.method === 'GET' || request.method === 'HEAD' ? NO_BODY : bodyToSend(request.body),
  })
  const type = headers['content-type']
  return { status, headers: type === undefined ? {} : { 'content-type': type }, body }
}

const bodyToSend = (body: RequestBody): Uint8Array | AsyncIterable<Uint8Array> => {
  if (body instanceof Uint8Array) return body
  return body.readableEnded ? NO_BODY : chunksOfRequest(body)
}

const headersOf = ({ claims, forwardedFor, identity }: InwardRequest): Record<string, string> => {
  const headers = {
    'wire-origin-domain': claims.originDomain,
    'x-wire-api-version': claims.apiVersion,
    'wire-origin-request-id': claims.requestId,
    traceparent: claims.traceparent,
    'x-forwarded-for': forwardedFor,
    'x-ssl-certificate': identity?.header,
  }
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

const unreachable = (): WireResponse => ({
  ...malformed('the federator behind this ingress does not answer'),
  status: 502,
})
