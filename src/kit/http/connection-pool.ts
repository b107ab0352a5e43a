/**
 * Kept HTTP/1.1 connections to one of our own parts, so many at most; who finds none free waits in line.
 *
 * Our own and not `undici`, which spends twice as long on a small request as everything else together: our parts are
 * called for every request that anybody makes (docs/performance.md). What it need not do makes it small: no pipelining,
 * no redirects, no proxies, no compression, no TLS. A request is never sent a second time: once a byte of it is out,
 * nobody can say whether it was acted upon (RFC 9112 §9.3.1).
 */
import { Connection, type ConnectionPlan, type Exchange, type HttpRequest } from './connection.ts'
import type { WireResponse } from './wire.ts'

export interface PoolOptions {
  readonly connectionsMax: number
  /** For an idle connection; sooner if the other side says that it keeps it less long. */
  readonly keepAliveMs: number
  readonly connectTimeoutMs: number
  /** Waiting in line and until the answer begins. */
  readonly headersTimeoutMs: number
  /** Between two pieces of an answer. */
  readonly bodyTimeoutMs: number
}

export interface ConnectionPool extends AsyncDisposable {
  /** Rejects with the reason of the request's own signal, or with what went wrong on the way. */
  request(request: HttpRequest): Promise<WireResponse>
}

/** How often it is looked whether somebody has waited too long; time limits are late by so much at most. */
const LOOK_MS = 250
/** The other side may have begun to close a connection when its time is nearly over. */
const KEEP_ALIVE_MARGIN_MS = 1_000

export const connectionPool = (baseUrl: string, options: PoolOptions): ConnectionPool => {
  const pool = new Pool(baseUrl, options)
  return { request: (request) => pool.request(request), [Symbol.asyncDispose]: () => pool.close() }
}

class Pool {
  readonly #options: PoolOptions
  readonly #plan: ConnectionPlan
  readonly #connections = new Set<Connection>()
  /** The one used last comes first: what is not needed grows old at the other end and is closed. */
  readonly #idle: Connection[] = []
  /** In the order in which they came. */
  readonly #waiting = new Set<Exchange>()
  #opening = 0
  #looking: NodeJS.Timeout | undefined
  #closing: PromiseWithResolvers<void> | undefined

  constructor(baseUrl: string, options: PoolOptions) {
    const { protocol, hostname, port, host, pathname } = new URL(baseUrl)
    if (protocol !== 'http:' || pathname !== '/') throw new Error(`${baseUrl} is not the address of a part`)
    this.#options = options
    this.#plan = {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? 80 : Number(port),
      authority: host,
      bodyTimeoutMs: options.bodyTimeoutMs,
      onOpen: (connection) => this.#opened(connection),
      onFree: (connection) => this.#freed(connection),
      onClosed: (connection, error) => this.#closed(connection, error),
    }
  }

  request(request: HttpRequest): Promise<WireResponse> {
    const { signal, headersTimeoutMs = this.#options.headersTimeoutMs } = request
    if (signal?.aborted) return Promise.reject(asError(signal.reason))
    if (this.#closing) return Promise.reject(new Error('no more requests are sent here'))
    return new Promise((answered, failed) => {
      const deadlineMs = performance.now() + headersTimeoutMs
      if (!signal) return this.#start({ request, deadlineMs, answered, failed, over: nothing })
      const abort = (): void => this.#abort(exchange, asError(signal.reason))
      const over = (): void => signal.removeEventListener('abort', abort)
      const exchange = { request, deadlineMs, answered, failed, over }
      signal.addEventListener('abort', abort, { once: true })
      this.#start(exchange)
    })
  }

  /** What is under way may finish. */
  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    for (const connection of this.#idle) connection.destroy(new Error('it is no longer needed'))
    this.#settle()
    await this.#closing.promise
  }

  #start(exchange: Exchange): void {
    for (let free = this.#idle.pop(); free; free = this.#idle.pop()) {
      if (free.isUsable && free.deadlineMs > performance.now()) return free.send(exchange)
      free.destroy(new Error('it has been idle for too long'))
    }
    this.#waiting.add(exchange)
    this.#grow()
  }

  #grow(): void {
    const { connectionsMax, connectTimeoutMs } = this.#options
    if (this.#opening >= this.#waiting.size || this.#connections.size >= connectionsMax) return
    this.#opening += 1
    const connection = new Connection(this.#plan)
    connection.deadlineMs = performance.now() + connectTimeoutMs
    this.#connections.add(connection)
    this.#looking ??= setInterval(() => this.#look(performance.now()), LOOK_MS).unref()
  }

  #opened(connection: Connection): void {
    this.#opening -= 1
    this.#freed(connection)
  }

  #freed(connection: Connection): void {
    const [next] = this.#waiting
    if (next) {
      this.#waiting.delete(next)
      return connection.send(next)
    }
    if (this.#closing) return connection.destroy(new Error('it is no longer needed'))
    const { keepAliveMs } = this.#options
    const { keepAliveSeconds } = connection
    const theirsMs = keepAliveSeconds === undefined ? keepAliveMs : keepAliveSeconds * 1000 - KEEP_ALIVE_MARGIN_MS
    connection.deadlineMs = performance.now() + Math.min(keepAliveMs, theirsMs)
    this.#idle.push(connection)
  }

  #closed(connection: Connection, error: Error | undefined): void {
    this.#connections.delete(connection)
    const place = this.#idle.indexOf(connection)
    if (place >= 0) this.#idle.splice(place, 1)
    if (error) {
      this.#opening -= 1
      const [first] = this.#waiting
      if (first) this.#refuse(first, error)
    }
    // Somebody may wait for a place that this one took.
    this.#grow()
    this.#settle()
  }

  #look(nowMs: number): void {
    for (const connection of this.#connections) {
      if (connection.deadlineMs <= nowMs) connection.destroy(new Error('nothing came in time'))
    }
    for (const exchange of this.#waiting) {
      if (exchange.deadlineMs <= nowMs) this.#refuse(exchange, new Error('no connection was free in time'))
    }
  }

  #abort(exchange: Exchange, reason: Error): void {
    if (this.#waiting.has(exchange)) return this.#refuse(exchange, reason)
    for (const connection of this.#connections) if (connection.carries(exchange)) connection.destroy(reason)
  }

  #refuse(exchange: Exchange, error: Error): void {
    this.#waiting.delete(exchange)
    exchange.over()
    exchange.failed(error)
  }

  #settle(): void {
    if (this.#connections.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
    if (this.#waiting.size === 0) this.#closing?.resolve()
  }
}

const nothing = (): void => {}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
