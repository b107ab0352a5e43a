/** Requests that reach no route: no such path, another method, not even HTTP. All get an error object. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Method } from '#src/kit/endpoint.ts'
import { jsonResponse, type WireResponse } from '#src/kit/http/wire.ts'
import type { Answering } from './answer.ts'
import { readVersion } from './versions.ts'

interface Declared {
  readonly method: Method
  readonly pattern: string
}

const refusal = (code: number, label: string, message: string, headers?: Record<string, string>): WireResponse =>
  jsonResponse(code, { code, label, message }, headers)

/** The specification names no answer to a known path with another method; RFC 9110 §15.5.6 does. */
export const notFound = (routes: readonly Declared[]): ((originalUrl: string) => WireResponse) => {
  const known = routes.map(({ method, pattern }) => ({ method, matches: matcher(pattern) }))
  return (originalUrl) => {
    const { version, target } = readVersion(originalUrl)
    if (version === undefined) return refusal(404, 'unsupported-version', 'Unsupported API version')
    const path = target.split('?', 1)[0] ?? ''
    const methods = new Set(known.filter(({ matches }) => matches.test(path)).map(({ method }) => method))
    return methods.size === 0
      ? refusal(404, 'no-endpoint', 'The requested endpoint does not exist')
      : refusal(405, 'method-not-allowed', 'Not with this method', { allow: [...methods].join(', ') })
  }
}

const matcher = (pattern: string): RegExp => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`)

/** Fastify's own errors about a request; undefined for all others. */
export const refusedByFastify = (error: unknown): WireResponse | undefined => {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const status = error.statusCode
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined
  return refusal(status, 'bad-request', STATUS_CODES[status] ?? 'Bad request')
}

// RFC 9110 §8.3.1: two tokens, and parameters, which are for the service to read.
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;|$)/

/** What says that a body is of a type that cannot be one. */
export const impossibleType = (type: string | undefined): WireResponse | undefined =>
  type === undefined || MEDIA_TYPE.test(type)
    ? undefined
    : refusal(415, 'unsupported-media-type', STATUS_CODES[415] ?? '')

const PARSER_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** What Fastify asks when there is no request to answer: an undecodable path, or bytes that are not HTTP. */
export const answerBadRequests = (answer: Answering) => ({
  frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    answer(request, reply, refusal(400, 'bad-request', 'The path cannot be decoded'))
  },
  clientErrorHandler: (error: Error & { readonly code?: string }, socket: Socket): void => {
    // RFC 9112 §9.6: nobody is listening any more.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const status = PARSER_STATUS[error.code ?? ''] ?? 400
    const body = JSON.stringify({ code: status, label: 'bad-request', message: 'The request is not valid HTTP' })
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'connection: close',
      'content-type: application/json',
      `content-length: ${body.length}`,
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  },
})
