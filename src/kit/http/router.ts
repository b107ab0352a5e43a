/** From declared endpoints and their handlers to routes: decode, call, encode. The same for every transport. */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import {
  type Answer,
  BODY_LIMIT_BYTES,
  type Endpoint,
  type EndpointShape,
  type Handler,
  isBytesBody,
  isStreamBody,
} from '../endpoint.ts'
import { causeChain, Refusal } from '../errors.ts'
import type { Log } from '../log.ts'
import { jsonResponse, NO_BODY, type Route, type WireRequest, type WireResponse } from './wire.ts'

type Contract = Readonly<Record<string, EndpointShape & { readonly summary: string }>>

export interface BindOptions<Context> {
  /** Makes what a handler knows about its caller; throws a {@link Refusal} when the caller may not come in. */
  readonly context: (request: WireRequest, endpoint: EndpointShape) => Context
  readonly log: Log
}

/** Every endpoint of the contract gets a handler; one that lacks it does not compile. */
export const bind = <const C extends Contract, Context>(
  contract: C,
  handlers: { readonly [K in keyof C]: Handler<C[K], Context> },
  { context, log }: BindOptions<Context>,
): Route[] =>
  Object.entries(contract).flatMap(([name, declared]) => {
    const handler = handlers[name] as AnyHandler<Context>
    return routesOf(declared, handler, { context, log })
  })

// Inside, handlers are called with what their own declaration parsed; the types were checked at `bind`.
type AnyHandler<Context> = (input: unknown, context: Context) => Promise<AnyOutcome>
interface AnyOutcome {
  readonly outcome: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const routesOf = <Context>(
  declared: Endpoint,
  handler: AnyHandler<Context>,
  { context, log }: BindOptions<Context>,
): Route[] => {
  const handle = async (request: WireRequest): Promise<WireResponse> => {
    try {
      const known = context(request, declared)
      const outcome = await handler(decodeRequest(declared, request), known)
      return encodeOutcome(declared, outcome)
    } catch (error) {
      return errorResponse(error, { log, what: `${declared.method} ${declared.path}`, request })
    }
  }
  const bodyLimit = declared.bodyLimit ?? BODY_LIMIT_BYTES
  const paths = [{ path: declared.path, method: declared.method }, ...(declared.aliases ?? [])]
  return paths.map((spelling) => ({
    method: spelling.method ?? declared.method,
    pattern: spelling.path,
    bodyLimit,
    takesStream: isStreamBody(declared.body),
    handle,
  }))
}

const decodeRequest = (declared: EndpointShape, request: WireRequest): unknown => {
  const input: { params?: unknown; query?: unknown; headers?: unknown; body?: unknown } = {}
  if (declared.params) input.params = decodeParams(declared.params, request.params)
  if (declared.query) input.query = decodePart(declared.query, request.query, 'query')
  if (declared.headers) input.headers = decodePart(declared.headers, request.headers, 'header')
  if (declared.body) input.body = decodeBody(declared.body, request)
  return input
}

const decodeParams = (schema: z.ZodType, params: unknown): unknown => {
  const parsed = schema.safeParse(params)
  if (parsed.success) return parsed.data
  const name = String(parsed.error.issues[0]?.path[0] ?? '')
  throw new Refusal(400, 'client-error', { detail: `[path] '${name}' invalid: ${explain(parsed.error)}` })
}

const decodePart = (schema: z.ZodType, value: unknown, where: string): unknown => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Refusal(400, 'bad-request', { detail: `[${where}] ${explain(parsed.error)}` })
}

const decodeBody = (declared: NonNullable<EndpointShape['body']>, request: WireRequest): unknown => {
  if (!isBytesBody(declared) && !isStreamBody(declared)) {
    return request.value ?? decodePart(declared, parseJson(request.body), 'body')
  }
  const type = request.headers['content-type'] ?? ''
  if (!declared.contentTypes.includes(type) && !declared.contentTypes.includes(mediaTypeOf(type))) {
    throw new Refusal(415, 'unsupported-media-type', { detail: `expected ${declared.contentTypes.join(' or ')}` })
  }
  return isStreamBody(declared) ? (request.stream ?? inOnePiece(request.body)) : request.body
}

/** Without its parameters. */
const mediaTypeOf = (type: string): string => (type.split(';', 1)[0] ?? '').trim().toLowerCase()

async function* inOnePiece(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

/** Stock clients announce JSON also when they send nothing (client-api-versions.md §5.1): no body is no value. */
export const parseJson = (body: Uint8Array): unknown => {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch (cause) {
    throw new Refusal(400, 'bad-request', { detail: 'the body is not valid JSON', cause })
  }
}

const EXPLAINED_ISSUES_MAX = 3

/** The first few problems, with where they are; never the offending value itself. */
export const explain = (error: z.ZodError): string =>
  error.issues
    .slice(0, EXPLAINED_ISSUES_MAX)
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ')

const encodeOutcome = (declared: EndpointShape, { outcome, body, headers }: AnyOutcome): WireResponse => {
  const answer: Answer | undefined = declared.answers[outcome]
  if (!answer) throw new Error(`${declared.method} ${declared.path} has no answer called '${outcome}'`)
  switch (answer.kind) {
    case 'json':
      return jsonResponse(answer.status, body, headers)
    case 'failure': {
      const refused = { code: answer.status, label: answer.label, message: answer.description }
      return jsonResponse(answer.status, refused, headers)
    }
    case 'empty':
      return { status: answer.status, headers: headers ?? {}, body: NO_BODY }
    case 'bytes':
      return {
        status: answer.status,
        headers: { 'content-type': answer.contentType, ...headers },
        body: body as Uint8Array | AsyncIterable<Uint8Array>,
      }
    default:
      return answer satisfies never
  }
}

export interface ErrorSetting {
  readonly log: Log
  readonly what: string
  readonly request?: WireRequest
}

/** The one place where errors become responses: a refusal says why, a fault only which one it was. */
export const errorResponse = (error: unknown, setting: ErrorSetting): WireResponse =>
  error instanceof Refusal
    ? jsonResponse(error.status, error.toBody(), error.headers)
    : jsonResponse(500, faultObject(error, setting))

/** What is told of an error that is no refusal; the rest is in the log. */
export const faultObject = (
  error: unknown,
  { log, what, request }: ErrorSetting,
): { readonly code: 500; readonly label: string; readonly message: string } => {
  const id = randomUUID()
  log.error(
    { err: error, causes: causeChain(error), faultId: id, requestId: request?.headers['request-id'], what },
    'fault',
  )
  return { code: 500, label: 'server-error', message: `Internal server error ${id}` }
}
