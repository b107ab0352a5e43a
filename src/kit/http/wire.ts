/**
 * A request and a response as they cross between two parts, whatever carries them. The in-memory and the network
 * transport differ in nothing but bodies that are handed over (`client.ts`), so what is tested together is what runs apart.
 */
import type { Method } from '../endpoint.ts'
import { givePieceBack } from '../pieces.ts'

export interface WireRequest {
  readonly method: Method
  /** The declared path with its `{name}` placeholders; identifies the route. */
  readonly pattern: string
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | readonly string[]>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Instead of `body`, what reading it would give; only where the transport carries values. */
  readonly value?: unknown
  /** Instead of `body`, as it comes. Not read to its end when the answer is early; a route that takes it whole waits. */
  readonly stream?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal
  /** How long its sender waits for the beginning of the answer, if it is known; the transport need not wait longer. */
  readonly timeoutMs?: number
}

export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

export interface Route {
  readonly method: Method
  readonly pattern: string
  readonly bodyLimit: number
  /** Whether the body is handed over while it comes in; `bodyLimit` says nothing then. */
  readonly takesStream?: boolean
  /** Never throws: refusals and faults have become responses. */
  handle(request: WireRequest): Promise<WireResponse>
}

export interface Transport {
  /** It stays within this process. */
  readonly carriesValues?: boolean
  /** Throws {@link PartUnreachable} when no answer can be had. */
  send(request: WireRequest): Promise<WireResponse>
}

/** Another part of our own backend did not answer. */
export class PartUnreachable extends Error {
  constructor(what: string, cause: unknown) {
    super(what, { cause })
    this.name = 'PartUnreachable'
  }
}

export const NO_BODY = new Uint8Array(0)

const JSON_HEADERS: Readonly<Record<string, string>> = { 'content-type': 'application/json' }

export const jsonResponse = (
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
): WireResponse => ({
  status,
  headers: headers ? { ...JSON_HEADERS, ...headers } : JSON_HEADERS,
  body: Buffer.from(JSON.stringify(body)),
})

/** Reads a body to its end, refusing to hold more than `limit` bytes. */
export const readAll = async (
  body: Uint8Array | AsyncIterable<Uint8Array>,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> => {
  if (body instanceof Uint8Array) {
    if (body.length > limit) throw new BodyTooLarge(limit)
    return body
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) throw new BodyTooLarge(limit)
    chunks.push(chunk)
  }
  if (chunks.length === 1 && chunks[0]) return chunks[0]
  const whole = Buffer.concat(chunks)
  for (const chunk of chunks) givePieceBack(chunk)
  return whole
}

export class BodyTooLarge extends Error {
  constructor(limit: number) {
    super(`body is larger than ${limit} bytes`)
    this.name = 'BodyTooLarge'
  }
}

const PLACEHOLDER = /\{(\w+)\}/g

/** The path and query string of a request, percent-encoded. */
export const renderTarget = ({ pattern, params, query }: WireRequest): string => {
  const path = pattern.replace(PLACEHOLDER, (_match, name: string) => encodeURIComponent(params[name] ?? ''))
  // Most requests between parts have none.
  if (Object.keys(query).length === 0) return path
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of typeof value === 'string' ? [value] : value) search.append(name, item)
  }
  const rendered = search.toString()
  return rendered === '' ? path : `${path}?${rendered}`
}
