/** Serving routes on a socket, for parts that run in processes of their own. Fastify does the HTTP. */
import type { IncomingMessage, Server } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'
import { pourOnceBegun } from './pour.ts'
import { jsonResponse, NO_BODY, type Route, type WireRequest, type WireResponse } from './wire.ts'

export interface Listener extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly url: string
  /** For protocols that begin as an upgrade of an HTTP request. */
  readonly server: Server
}

export interface ListenOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly name: string
  readonly log: Log
}

const HEADER_BYTES_MAX = 64 * 1024
// Between our own parts; the public listener has its own limits. An upload takes as long as its sender's line does.
const REQUEST_TIMEOUT_MS = 3_600_000
const KEEP_ALIVE_MS = 75_000
// A domain or handle may have 256 characters; the default of 100 would refuse them.
const PARAM_CHARACTERS_MAX = 1_024

export const listen = async (routes: readonly Route[], options: ListenOptions): Promise<Listener> => {
  const app = fastify({
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: PARAM_CHARACTERS_MAX },
    forceCloseConnections: 'idle',
    logger: false,
    exposeHeadRoutes: false,
  })
  acceptAnyBody(app)
  // rules.md §1.5: the federation status is asked for with GET, and what it is about stands in the body.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true })
  app.get('/i/status', async (_request, reply) => reply.code(200).send())
  for (const route of routes.filter(({ takesStream }) => takesStream !== true)) register(app, route)
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const route of routes.filter(({ takesStream }) => takesStream === true)) register(scope, route)
  })
  app.setNotFoundHandler((_request, reply) => {
    send(reply, jsonResponse(404, { code: 404, label: 'no-endpoint', message: 'No such endpoint' }))
  })
  await app.listen({ host: options.host, port: options.port })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error(`${options.name} listens on no TCP port`)
  options.log.debug({ host: address.address, port: address.port }, `${options.name} listens`)
  return {
    host: address.address,
    port: address.port,
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    server: app.server,
    [Symbol.asyncDispose]: async () => {
      await app.close()
    },
  }
}

/** Bodies reach the routes as bytes: routes decode them, whatever carried them. */
export const acceptAnyBody = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500
    const message = status === 413 ? 'Request body too large' : status < 500 ? error.message : 'Internal server error'
    send(reply, jsonResponse(status, { code: status, label: status < 500 ? 'client-error' : 'server-error', message }))
  })
}

const register = (app: FastifyInstance, route: Route): void => {
  app.route({
    method: route.method,
    url: fastifyPath(route.pattern),
    bodyLimit: route.bodyLimit,
    handler: async (request, reply) => {
      const wire = wireRequestOf(request, route)
      const stream = route.takesStream === true ? { stream: chunksOf(request.raw) } : {}
      send(reply, await route.handle({ ...wire, ...stream }))
      return reply
    },
  })
}

/** `/users/{domain}` → `/users/:domain`. */
export const fastifyPath = (pattern: string): string => pattern.replaceAll(/\{(\w+)\}/g, ':$1')

export const wireRequestOf = (
  request: FastifyRequest,
  { method, pattern }: Pick<Route, 'method' | 'pattern'>,
): WireRequest => ({
  method,
  pattern,
  params: request.params as Record<string, string>,
  query: request.query as Record<string, string | string[]>,
  headers: joinedHeaders(request),
  body: request.body instanceof Uint8Array ? request.body : NO_BODY,
})

/**
 * A request's body as it comes. Throws when the sender goes away in the middle. Its reader may stop early and answer:
 * the rest is dropped, because a sender that cannot send does not read either.
 */
export async function* chunksOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  } finally {
    request.resume()
  }
}

const joinedHeaders = (request: FastifyRequest): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

export const send = (reply: FastifyReply, response: WireResponse): void => {
  reply.code(response.status)
  for (const [name, value] of Object.entries(response.headers)) {
    reply.header(name, typeof value === 'string' ? value : [...value])
  }
  if (response.body instanceof Uint8Array) {
    reply.send(
      response.body.length > 0
        ? Buffer.from(response.body.buffer, response.body.byteOffset, response.body.byteLength)
        : undefined,
    )
  } else {
    // Not by Fastify, which says nobody when a piece was written.
    pourOnceBegun(response.body, reply.raw, {
      begin: () => {
        reply.hijack()
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) reply.raw.setHeader(name, value)
        }
      },
      fail: (error) => reply.send(error),
    })
  }
}
