/**
 * HTTP as an app speaks it to its backend: API version 8, bearer token, one cookie, and one renewal of the token
 * when a call is answered 401. It shares nothing with the server's typed client on purpose: what the stories use
 * should notice when the server's own idea of its wire drifts from the specification.
 */
import { channel } from 'node:diagnostics_channel'
import { Pool } from 'undici'
import { z } from 'zod'
import { withDeadline } from '#src/kit/deadline.ts'
import { APP_BODY_BYTES_MAX, APP_CALL_MS } from './limits.ts'

export interface AppRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Without version prefix. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** An object is sent as JSON, bytes as protobuf. */
  readonly body?: object | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Statuses above 399 that are an answer here and not a failure. */
  readonly alsoExpected?: readonly number[]
}

export interface AppAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Decoded JSON, text when it is none, undefined when empty. */
  readonly body: unknown
}

/** Every answer to an app of this process, as {@link AppExchange}: tests look whether it is as documented. */
export const APP_EXCHANGES = 'comity:app-exchange'

export interface AppExchange {
  readonly request: AppRequest
  readonly answer: AppAnswer
}

const exchanges = channel(APP_EXCHANGES)

/** The backend refused; `label` and `message` are those of its error object. */
export class AppError extends Error {
  readonly status: number
  readonly label: string | undefined
  readonly body: unknown

  constructor(request: AppRequest, answer: AppAnswer) {
    const refusal = Refused.safeParse(answer.body)
    const reason = refusal.success ? `${refusal.data.label}: ${refusal.data.message}` : JSON.stringify(answer.body)
    super(`${request.method} ${request.path} was answered ${answer.status} ${reason}`)
    this.name = 'AppError'
    this.status = answer.status
    this.label = refusal.success ? refusal.data.label : undefined
    this.body = answer.body
  }
}

const Refused = z.object({ label: z.string(), message: z.string() })
const Access = z.object({ user: z.string(), access_token: z.string(), expires_in: z.number() })

/** The session of one user with one backend. */
export class AppHttp implements AsyncDisposable {
  readonly baseUrl: string
  readonly #pool: Pool
  #token: string | undefined
  #cookie: string | undefined

  constructor(baseUrl: string) {
    this.baseUrl = baseUrl
    this.#pool = new Pool(baseUrl, { connections: 8, keepAliveTimeout: 60_000 })
  }

  get token(): string | undefined {
    return this.#token
  }

  get cookie(): string | undefined {
    return this.#cookie
  }

  /** Whatever the backend answers, as it answers it. */
  async send(request: AppRequest): Promise<AppAnswer> {
    return withDeadline((signal) => this.#exchange(request, signal), APP_CALL_MS, `${request.method} ${request.path}`)
  }

  /** The answer if it is an expected one; renews the token once if it has expired; throws {@link AppError}. */
  async call(request: AppRequest): Promise<AppAnswer> {
    let answer = await this.send(request)
    if (answer.status === 401 && this.#cookie !== undefined && !isUnversioned(request.path)) {
      await this.renewToken()
      answer = await this.send(request)
    }
    const isExpected = answer.status < 400 || request.alsoExpected?.includes(answer.status) === true
    if (!isExpected) throw new AppError(request, answer)
    return answer
  }

  async callFor<S extends z.ZodType>(request: AppRequest, schema: S): Promise<z.output<S>> {
    const { body } = await this.call(request)
    return schema.parse(body)
  }

  async logIn(credentials: { readonly email: string; readonly password: string }): Promise<void> {
    const request = { method: 'POST', path: '/login', query: { persist: 'true' }, body: credentials } as const
    this.#token = (await this.callFor(request, Access)).access_token
  }

  /** `POST /access`; with a client, binds it to the session. */
  async renewToken(client?: string): Promise<void> {
    const request = { method: 'POST', path: '/access', query: { client_id: client } } as const
    this.#token = (await this.callFor(request, Access)).access_token
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }

  async #exchange(request: AppRequest, signal: AbortSignal): Promise<AppAnswer> {
    const response = await this.#pool.request({
      method: request.method,
      path: isUnversioned(request.path) ? request.path : `/v8${request.path}`,
      ...(request.query && { query: definedOnly(request.query) }),
      headers: this.#headers(request),
      body: encode(request.body),
      signal,
    })
    this.#keepCookie(response.headers['set-cookie'])
    const text = await boundedText(response.body)
    const answer = { status: response.statusCode, headers: response.headers, body: decode(text) }
    exchanges.publish({ request, answer } satisfies AppExchange)
    return answer
  }

  #headers(request: AppRequest): Record<string, string> {
    return {
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      // The cookie's path is /access; a browser would not send it anywhere else either (client-auth §3.1).
      ...(this.#cookie !== undefined && request.path.startsWith('/access') && { cookie: this.#cookie }),
      ...(request.body !== undefined && { 'content-type': contentType(request.body) }),
      ...request.headers,
    }
  }

  #keepCookie(header: string | string[] | undefined): void {
    const [first] = [header ?? []].flat()
    if (first?.startsWith('zuid=')) this.#cookie = first.split(';')[0]
  }
}

/** client-api-versions §4: these have no prefix, whatever version was negotiated. */
function isUnversioned(path: string): boolean {
  return path.startsWith('/access') || path === '/api-version'
}

function definedOnly(query: NonNullable<AppRequest['query']>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}

function encode(body: AppRequest['body']): Uint8Array | string | null {
  if (body === undefined) return null
  return body instanceof Uint8Array ? body : JSON.stringify(body)
}

function contentType(body: object): string {
  return body instanceof Uint8Array ? 'application/x-protobuf' : 'application/json;charset=UTF-8'
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > APP_BODY_BYTES_MAX) throw new Error(`answer is larger than ${APP_BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function decode(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // Some answers are text on purpose (401 of the gateway).
    return text
  }
}
