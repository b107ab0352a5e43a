/** Our plain listeners: HTTP/1.1 by `node:http`, raw paths, no router between a request and the checks. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '#src/kit/clock.ts'
import { pour } from '#src/kit/http/pour.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import { discard } from './bodies.ts'
import {
  LISTENER_DRAIN_MS,
  LISTENER_HEADER_BYTES_MAX,
  LISTENER_KEEP_ALIVE_MS,
  REQUEST_BODY_TIMEOUT_MS,
  REQUEST_HEADERS_TIMEOUT_MS,
} from './limits.ts'

export interface PlainListener extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly url: string
}

export interface PlainAddress {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export type ServePlain = (request: IncomingMessage, response: ServerResponse) => void

export interface PlainOptions extends PlainAddress {
  readonly serve: ServePlain
  readonly clock: Clock
}

export const listenPlain = async ({ host, port: wanted, serve, clock }: PlainOptions): Promise<PlainListener> => {
  const server = createServer(
    {
      maxHeaderSize: LISTENER_HEADER_BYTES_MAX,
      keepAliveTimeout: LISTENER_KEEP_ALIVE_MS,
      headersTimeout: REQUEST_HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_BODY_TIMEOUT_MS,
      noDelay: true,
    },
    (request, response) => {
      // While we are stopping, a connection whose last answer is out has no future.
      response.once('close', () => {
        if (!server.listening) setImmediate(() => server.closeIdleConnections())
      })
      serve(request, response)
    },
  )
  server.listen(wanted, host)
  await once(server, 'listening')
  const { port } = boundAddress(server)
  const name = host.includes(':') ? `[${host}]` : host
  return { host, port, url: `http://${name}:${port}`, [Symbol.asyncDispose]: () => drain(server, clock) }
}

const boundAddress = (server: Server): { port: number } => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  return address
}

const drain = async (server: Server, clock: Clock): Promise<void> => {
  if (!server.listening) return
  server.close()
  using _cutOff = clock.after(LISTENER_DRAIN_MS, () => server.closeAllConnections())
  await once(server, 'close')
}

/** `reason` is the reason phrase, which people see in logs of HTTP/1.1. */
export const respond = (response: ServerResponse, { status, headers, body }: WireResponse, reason?: string): void => {
  if (response.destroyed || response.headersSent) return discard(body)
  // A request that was refused before its body was read shall not be read now.
  if (!response.req.complete) response.shouldKeepAlive = false
  const fields: Record<string, string | string[] | number> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) fields[name] = typeof value === 'string' ? value : [...value]
  }
  if (body instanceof Uint8Array) fields['content-length'] = body.length
  response.writeHead(status, reason, fields)
  pour(body, response)
}

/** The one value of a header; several are joined as RFC 9110 §5.3 allows. */
export const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name]
  return typeof value === 'object' ? value.join(', ') : value
}
