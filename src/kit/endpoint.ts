/**
 * Declaring endpoints.
 *
 * A declaration is plain data: method, path, what comes in, what may go out. Routing, validation, the typed client,
 * the OpenAPI document and the fakes in tests are all derived from it, so none of them can disagree. The alternative,
 * annotating server routes and generating clients from the running server, was refused because a peer's client would
 * then depend on our server's code.
 */
import type { z } from 'zod'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'

/** Who may call: anybody, a bearer of an access token, or only our own parts on an internal listener. */
export type Access = 'public' | 'token' | 'internal'

/** API versions in which something exists; `until` is exclusive. */
export interface Versions {
  readonly from: number
  readonly until?: number
}

export const from = (version: number): Versions => ({ from: version })
export const until = (version: number): Versions => ({ from: 0, until: version })
export const between = (first: number, end: number): Versions => ({ from: first, until: end })

export const includesVersion = (versions: Versions, version: number): boolean =>
  version >= versions.from && (versions.until === undefined || version < versions.until)

/** A body that is not JSON: passed on as bytes, validated by the handler. */
export interface BytesBody {
  readonly kind: 'bytes'
  readonly contentTypes: readonly string[]
}

export const bytesBody = (...contentTypes: readonly string[]): BytesBody => ({ kind: 'bytes', contentTypes })

export const isBytesBody = (body: unknown): body is BytesBody =>
  typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'bytes'

/** A body of any size, handed to the handler while it comes in; never held as a whole by anybody on its way. */
export interface StreamBody {
  readonly kind: 'stream'
  readonly contentTypes: readonly string[]
}

export const streamBody = (...contentTypes: readonly string[]): StreamBody => ({ kind: 'stream', contentTypes })

export const isStreamBody = (body: unknown): body is StreamBody =>
  typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'stream'

interface AnswerBase {
  readonly status: number
  readonly description: string
  /** API versions in which this form of the answer is used; for the document only, the handler chooses. */
  readonly versions?: Versions
}

export interface JsonAnswer<S extends z.ZodType = z.ZodType> extends AnswerBase {
  readonly kind: 'json'
  readonly body: S
}
export interface EmptyAnswer extends AnswerBase {
  readonly kind: 'empty'
}
export interface BytesAnswer extends AnswerBase {
  readonly kind: 'bytes'
  readonly contentType: string
}
/** Answered as `{code, label, message}` (client-api-versions.md §5.2). */
export interface FailureAnswer extends AnswerBase {
  readonly kind: 'failure'
  readonly label: string
}
export type Answer = JsonAnswer | EmptyAnswer | BytesAnswer | FailureAnswer

export const answer = <S extends z.ZodType>(
  status: number,
  body: S,
  description = '',
  versions?: Versions,
): JsonAnswer<S> => ({ kind: 'json', status, body, description, ...(versions && { versions }) })

export const empty = (status: number, description = ''): EmptyAnswer => ({ kind: 'empty', status, description })

export const bytes = (status: number, contentType: string, description = ''): BytesAnswer => ({
  kind: 'bytes',
  status,
  contentType,
  description,
})

/** `message` is what people read; some clients compare it literally, see client-api-versions.md §5.5. */
export const failure = (status: number, label: string, message: string): FailureAnswer => ({
  kind: 'failure',
  status,
  label,
  description: message,
})

export interface EndpointShape {
  readonly method: Method
  /** Path with `{name}` for parameters; no version prefix. */
  readonly path: string
  readonly access: Access
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  /** Header names are lower case. */
  readonly headers?: z.ZodType
  readonly body?: z.ZodType | BytesBody | StreamBody
  /** Bytes; {@link BODY_LIMIT_BYTES} unless said. Of a stream the handler decides how much it reads. */
  readonly bodyLimit?: number
  /** Older spellings of the path; parameters they lack reach the schema as missing. */
  readonly aliases?: readonly { readonly path: string; readonly method?: Method }[]
  readonly answers: Readonly<Record<string, Answer>>
}

export type Endpoint<S extends EndpointShape = EndpointShape> = S & { readonly summary: string }

/** client-auth.md §7: the reference gateway's limit for ordinary bodies. */
export const BODY_LIMIT_BYTES = 512 * 1024

export const endpoint = <const S extends EndpointShape>(summary: string, shape: S): Endpoint<S> => ({
  ...shape,
  summary,
})

type Part<T> = T extends z.ZodType ? z.output<T> : undefined
type NotJson<T> = T extends BytesBody ? Uint8Array : T extends StreamBody ? AsyncIterable<Uint8Array> : undefined
type BodyOf<T> = T extends z.ZodType ? z.output<T> : NotJson<T>
type PartIn<T> = T extends z.ZodType ? z.input<T> : undefined
type BodyIn<T> = T extends z.ZodType ? z.input<T> : NotJson<T>
type Field<S, K extends string> = K extends keyof S ? S[K] : undefined
type Present<T> = { [K in keyof T as T[K] extends undefined ? never : K]: T[K] }

/** What a handler receives: the declared parts, parsed. */
export type InputOf<S extends EndpointShape> = Present<{
  readonly params: Part<Field<S, 'params'>>
  readonly query: Part<Field<S, 'query'>>
  readonly headers: Part<Field<S, 'headers'>>
  readonly body: BodyOf<Field<S, 'body'>>
}>

/** What a caller gives: the declared parts before parsing. */
export type CallInputOf<S extends EndpointShape> = Present<{
  readonly params: PartIn<Field<S, 'params'>>
  readonly query: PartIn<Field<S, 'query'>>
  readonly body: BodyIn<Field<S, 'body'>>
}>

type OutcomeFor<K extends string, A> =
  A extends JsonAnswer<infer B>
    ? { readonly outcome: K; readonly body: z.output<B>; readonly headers?: OutcomeHeaders }
    : A extends BytesAnswer
      ? {
          readonly outcome: K
          readonly body: Uint8Array | AsyncIterable<Uint8Array>
          readonly headers?: OutcomeHeaders
        }
      : { readonly outcome: K; readonly headers?: OutcomeHeaders }

export type OutcomeHeaders = Readonly<Record<string, string>>

/** The declared endings of an endpoint as a union discriminated by `outcome`. */
export type OutcomeOf<S extends EndpointShape> = {
  [K in keyof S['answers'] & string]: OutcomeFor<K, S['answers'][K]>
}[keyof S['answers'] & string]

export type Handler<S extends EndpointShape, Context> = (input: InputOf<S>, context: Context) => Promise<OutcomeOf<S>>

/** How a call between backends is made: awaited, through the durable queue, or with a binary answer. */
export type RpcMode = 'sync' | 'queue' | 'stream'

export interface RpcShape {
  /** Name on the wire, when two entries of a contract are forms of one RPC for different versions. */
  readonly name?: string
  readonly versions?: Versions
  readonly input: z.ZodType
  readonly output?: z.ZodType
}

export type Rpc<S extends RpcShape = RpcShape, M extends RpcMode = RpcMode> = S & {
  readonly summary: string
  readonly mode: M
}

export type RpcInput<R extends RpcShape> = z.output<R['input']>
export type RpcOutput<R extends RpcShape> = R['output'] extends z.ZodType
  ? z.output<R['output']>
  : R extends { readonly mode: 'stream' }
    ? AsyncIterable<Uint8Array>
    : void

export const rpc = <const S extends RpcShape & { output: z.ZodType }>(summary: string, shape: S): Rpc<S, 'sync'> => ({
  ...shape,
  summary,
  mode: 'sync',
})

/** Delivered through the queue; answered with an empty object (federation-api.md §1). */
export const notification = <const S extends RpcShape>(summary: string, shape: S): Rpc<S, 'queue'> => ({
  ...shape,
  summary,
  mode: 'queue',
})

/** Answered with bytes, without version header (federation-api.md §8). */
export const stream = <const S extends RpcShape>(summary: string, shape: S): Rpc<S, 'stream'> => ({
  ...shape,
  summary,
  mode: 'stream',
})

export type RpcHandler<R extends RpcShape, Context> = (input: RpcInput<R>, context: Context) => Promise<RpcOutput<R>>

export const ALL_VERSIONS: Versions = { from: 0 }

/** Gives every entry of a contract what it is called on the wire: its own `name` or else its key, and its service. */
export const named = <const S extends string, const C extends Readonly<Record<string, Rpc>>>(
  service: S,
  contract: C,
): Named<S, C> =>
  Object.fromEntries(
    Object.entries(contract).map(([key, entry]) => [key, { ...entry, service, name: entry.name ?? key }]),
  ) as Named<S, C>

type Named<S extends string, C> = { readonly [K in keyof C]: C[K] & { readonly service: S; readonly name: string } }
