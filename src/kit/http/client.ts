/** Calling another part: over HTTP between processes, and typed by its contract over any transport. */
import type { z } from 'zod'
import { type Answer, type CallInputOf, type EndpointShape, isStreamBody, type OutcomeOf } from '../endpoint.ts'
import { withTraceparent } from '../tracing.ts'
import { connectionPool } from './connection-pool.ts'
import {
  NO_BODY,
  PartUnreachable,
  readAll,
  renderTarget,
  type Transport,
  type WireRequest,
  type WireResponse,
} from './wire.ts'

export interface HttpTransport extends Transport, AsyncDisposable {}

export interface HttpTransportOptions {
  /** Until the answer's headers have come. */
  readonly timeoutMs?: number
  readonly connectionsMax?: number
}

const TIMEOUT_MS = 30_000
/** The answer to a stream comes after its end, and that is up to its sender. */
const STREAM_TIMEOUT_MS = 3_600_000
const CONNECTIONS_MAX = 64
const KEEP_ALIVE_MS = 60_000
/** They are next door. */
const CONNECT_TIMEOUT_MS = 10_000

/** A pool of kept connections to one of our own parts. */
export const overHttp = (
  baseUrl: string,
  { timeoutMs = TIMEOUT_MS, connectionsMax = CONNECTIONS_MAX }: HttpTransportOptions = {},
): HttpTransport => {
  const pool = connectionPool(baseUrl, {
    connectionsMax,
    keepAliveMs: KEEP_ALIVE_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    headersTimeoutMs: timeoutMs,
    bodyTimeoutMs: timeoutMs,
  })
  return {
    send: async (request) => {
      try {
        const { method, headers, signal, body, stream, timeoutMs: waitMs } = request
        return await pool.request({
          method,
          path: renderTarget(request),
          headers: withTraceparent(headers),
          signal,
          body: stream ?? body,
          headersTimeoutMs: waitMs ?? (stream && STREAM_TIMEOUT_MS),
        })
      } catch (cause) {
        throw new PartUnreachable(`calling ${baseUrl}${request.pattern}`, cause)
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

/** The answer was not one that the contract declares. */
export class UnexpectedAnswer extends Error {
  readonly status: number
  readonly text: string
  constructor(endpoint: EndpointShape, status: number, text: string) {
    super(`${endpoint.method} ${endpoint.path} answered ${status}: ${text.slice(0, 200)}`)
    this.name = 'UnexpectedAnswer'
    this.status = status
    this.text = text
  }
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

interface AnyInput {
  readonly params?: Record<string, unknown>
  readonly query?: Record<string, unknown>
  readonly body?: unknown
}

/** Calls a declared endpoint and returns its outcome; anything undeclared throws {@link UnexpectedAnswer}. */
export const call = async <S extends EndpointShape>(
  transport: Transport,
  endpoint: S,
  input: CallInputOf<S>,
  options: CallOptions = {},
): Promise<OutcomeOf<S>> => {
  const { params = {}, query = {}, body } = input as AnyInput
  const request = {
    params: toStrings(params),
    query: toStrings(query),
    contentType: body === undefined ? undefined : contentTypeOf(endpoint, body),
    ...(isStreamBody(endpoint.body)
      ? { body: NO_BODY, stream: body as AsyncIterable<Uint8Array> }
      : { body: encodeBody(body) }),
  }
  return (await ask(transport, endpoint, request, options)) as OutcomeOf<S>
}

/** An endpoint that takes nothing but a JSON body. */
type Taking<B extends z.ZodType> = EndpointShape & { readonly body: B }

/**
 * Like {@link call}, with a body that is as its reader would have read it. Within this process it crosses as it is, which
 * spares writing and reading it; both sides leave it unchanged from then on. Who hands over bounds it: no limit of bytes is
 * met on that way.
 */
export const handOver = async <B extends z.ZodType, S extends Taking<B>>(
  transport: Transport,
  endpoint: S & Taking<B>,
  body: z.output<B>,
  options: CallOptions = {},
): Promise<OutcomeOf<S>> => {
  const carried = transport.carriesValues === true ? { body: NO_BODY, value: body } : { body: encodeBody(body) }
  const request = { params: {}, query: {}, contentType: 'application/json', ...carried }
  return (await ask(transport, endpoint, request, options)) as OutcomeOf<S>
}

interface Asked extends Pick<WireRequest, 'params' | 'query' | 'body' | 'stream' | 'value'> {
  readonly contentType: string | undefined
}

const ask = async (
  transport: Transport,
  endpoint: EndpointShape,
  { contentType, ...request }: Asked,
  { headers = {}, signal }: CallOptions,
): Promise<unknown> => {
  const response = await transport.send({
    method: endpoint.method,
    pattern: endpoint.path,
    ...request,
    headers: { ...(contentType !== undefined && { 'content-type': contentType }), ...headers },
    ...(signal && { signal }),
  })
  return decodeResponse(endpoint, response)
}

const contentTypeOf = (endpoint: EndpointShape, body: unknown): string => {
  if (isStreamBody(endpoint.body)) return endpoint.body.contentTypes[0] ?? 'application/octet-stream'
  return body instanceof Uint8Array ? 'application/octet-stream' : 'application/json'
}

const encodeBody = (body: unknown): Uint8Array => {
  if (body === undefined) return NO_BODY
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
}

const toStrings = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (isScalar(value) ? [[name, String(value)]] : [])),
  )

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const decodeResponse = async (endpoint: EndpointShape, response: WireResponse): Promise<unknown> => {
  const candidates = Object.entries(endpoint.answers).filter(([, answer]) => answer.status === response.status)
  const streamed = candidates.find(([, answer]) => answer.kind === 'bytes')
  if (streamed) return { outcome: streamed[0], body: response.body }
  const text = Buffer.from(await readAll(response.body)).toString('utf8')
  for (const [outcome, answer] of candidates) {
    const decoded = decodeAnswer(answer, text)
    if (decoded) return { outcome, ...decoded }
  }
  throw new UnexpectedAnswer(endpoint, response.status, text)
}

/** The decoded parts when the text is this answer, undefined when it is another one of the same status. */
const decodeAnswer = (answer: Answer, text: string): { body?: unknown } | undefined => {
  if (answer.kind === 'empty') return text === '' ? {} : undefined
  const value = tryParse(text)
  if (answer.kind === 'failure') return labelOf(value) === answer.label ? {} : undefined
  if (answer.kind === 'bytes') return undefined
  const parsed = answer.body.safeParse(value)
  return parsed.success ? { body: parsed.data } : undefined
}

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: then it is none of the JSON answers, and the caller reports the text.
    return undefined
  }
}

const labelOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'label' in value ? value.label : undefined
