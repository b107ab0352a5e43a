/** From a client's request to the service that owns the endpoint: who calls, with what, and nothing more. */
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { BODY_LIMIT_BYTES, type Endpoint, isStreamBody } from '#src/kit/endpoint.ts'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { NO_BODY, type Transport, type WireRequest, type WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { hop } from '#src/kit/trace.ts'
import { type Caller, callerHeaders } from '#src/rpc/context.ts'
import { type AccessTokens, tokenOf } from './access-token.ts'
import type { ClientAddress } from './client-address.ts'
import { passBody } from './passing-body.ts'
import type { ReadBody } from './read-body.ts'
import { readVersion } from './versions.ts'

export interface ForwardNeeds {
  readonly endpoint: Endpoint
  /** The spelling of the endpoint's path that this route is for. */
  readonly pattern: string
  readonly method: Endpoint['method']
  readonly service: Transport
  /** Names of headers: see {@link headersPassedOn}. */
  readonly passed: readonly string[]
  readonly tokens: AccessTokens
  readonly addressOf: ClientAddress
  readonly readBody: ReadBody
  readonly clock: Clock
  readonly log: Log
}

export const forward = async (request: FastifyRequest, needs: ForwardNeeds): Promise<WireResponse> => {
  const { endpoint, service, tokens, readBody, log } = needs
  hop(log, 'gateway', request.id)
  // Who calls is settled before a byte of the body is read.
  let caller: Caller | undefined
  if (endpoint.access === 'token') {
    const verdict = await tokens.check(tokenOf(request.headers.authorization, queryOf(request)['access_token']))
    if (verdict.kind === 'invalid') return UNAUTHORIZED
    if (verdict.kind === 'other-class')
      throw new Refusal(403, 'access-denied', { detail: 'Not with this kind of token' })
    caller = verdict.caller
  }
  if (isStreamBody(endpoint.body)) return passOn(request, needs, caller)
  const body = isReadOnly(needs) ? NO_BODY : await readBody(request.raw, endpoint.bodyLimit ?? BODY_LIMIT_BYTES)
  return await service.send(wireRequest(request, needs, { caller, body }))
}

const passOn = async (
  request: FastifyRequest,
  needs: ForwardNeeds,
  caller: Caller | undefined,
): Promise<WireResponse> => {
  const passing = passBody(request.raw, needs.clock)
  const sent = { ...wireRequest(request, needs, { caller, body: NO_BODY }), stream: passing.stream }
  return needs.service.send(sent).catch((error: unknown) => {
    throw passing.failure() ?? error
  })
}

/** Without error object: to stock clients this means that they should renew the token (client-api-versions.md §5.4). */
const UNAUTHORIZED: WireResponse = { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: NO_BODY }

const isReadOnly = ({ method }: ForwardNeeds): boolean => method === 'GET' || method === 'HEAD'

interface Forwarded {
  readonly caller: Caller | undefined
  readonly body: Uint8Array
}

const wireRequest = (
  request: FastifyRequest,
  { pattern, method, passed, addressOf }: ForwardNeeds,
  { caller, body }: Forwarded,
): WireRequest => {
  const { raw } = request
  const headers: Record<string, string> = {}
  for (const name of passed) {
    const value = raw.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  if (caller) Object.assign(headers, callerHeaders(caller))
  headers['request-id'] = request.id
  headers['x-comity-api-version'] = String(readVersion(request.originalUrl).version ?? 0)
  headers['x-forwarded-for'] = addressOf(raw.socket.remoteAddress, forwardedFor(raw))
  return {
    method,
    pattern,
    params: request.params as Record<string, string>,
    query: queryFor(request, caller),
    headers,
    body,
  }
}

/** The token stays here, unless its bearer is to be judged by the service. */
const queryFor = (request: FastifyRequest, caller: Caller | undefined): WireRequest['query'] => {
  const query = queryOf(request)
  if (caller === undefined || query['access_token'] === undefined) return query
  const { access_token: _token, ...rest } = query
  return rest
}

const queryOf = (request: FastifyRequest): Record<string, string | string[]> =>
  request.query as Record<string, string | string[]>

/** Node joins what comes in several headers of this name. */
const forwardedFor = ({ headers }: IncomingMessage): string | undefined => {
  const value = headers['x-forwarded-for']
  return Array.isArray(value) ? value.join(',') : value
}

const ALWAYS = ['content-type', 'accept', 'accept-language', 'user-agent']
// Log-in, renewal and log-out judge these themselves; everybody else knows the caller from us.
const TO_PUBLIC = ['cookie', 'authorization']
// What is too large is refused before it comes.
const OF_STREAMS = ['content-length']

/** What is named here or declared by the endpoint and nothing else, so no header that we set can come from outside. */
export const headersPassedOn = (endpoint: Endpoint): readonly string[] => [
  ...ALWAYS,
  ...(endpoint.access === 'public' ? TO_PUBLIC : []),
  ...(isStreamBody(endpoint.body) ? OF_STREAMS : []),
  ...(endpoint.headers instanceof z.ZodObject ? Object.keys(endpoint.headers.shape) : []),
]
