/**
 * The one connection that is kept for what belongs to a session: `LISTEN` and advisory locks. When it dies the locks
 * are gone and notes were missed; both are told, and a new connection is made for as long as it takes.
 */
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { createChannels, quoteChannel, type Channels } from '../channels.ts'
import type { Database, Lock } from '../database.ts'
import {
  CONNECT_TIMEOUT_MS,
  HEARTBEAT_MS,
  HEARTBEAT_TIMEOUT_MS,
  RECONNECT_MAX_MS,
  RECONNECT_MIN_MS,
  SERVER_KEEPALIVE_COUNT,
  SERVER_KEEPALIVE_IDLE_SECONDS,
  SERVER_KEEPALIVE_INTERVAL_SECONDS,
} from '../limits.ts'

interface Options {
  readonly url: string
  readonly log: Log
  readonly clock: Clock
}

export type Session = Pick<Database, 'listen' | 'tryLock'> & AsyncDisposable

/** Throws when the first connection cannot be made. */
export const openSession = async (options: Options): Promise<Session> => {
  const session = new LastingSession(options)
  await session.connect()
  return session
}

class LastingSession implements Session {
  readonly #options: Options
  readonly #channels: Channels
  /** Held or being asked for, by key. */
  readonly #locks = new Map<string, AbortController>()
  readonly #closing = new AbortController()
  #client: pg.Client | undefined
  #heartbeat: Disposable | undefined
  #reconnecting: Promise<void> = Promise.resolve()

  constructor(options: Options) {
    this.#options = options
    this.#channels = createChannels(options.log)
  }

  async connect(): Promise<void> {
    const client = newClient(this.#options.url)
    // Without a listener an error would end the process; `end` follows and is what we act upon.
    client.on('error', (error) => this.#options.log.warn({ err: error }, 'the session with PostgreSQL failed'))
    client.on('end', () => this.#lose(client))
    client.on('notification', ({ channel, payload }) => this.#channels.tell(channel, payload ?? ''))
    try {
      await client.connect()
      for (const setting of SESSION_SETTINGS) await client.query(setting)
      for (const channel of this.#channels.names()) await client.query(`listen ${quoteChannel(channel)}`)
    } catch (cause) {
      void client.end().catch(ignore)
      throw new Error(`connecting to PostgreSQL at ${placeOf(this.#options.url)}`, { cause })
    }
    if (this.#closing.signal.aborted) return client.end()
    this.#client = client
    this.#beat(client)
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<AsyncDisposable> {
    const quoted = quoteChannel(channel)
    // While there is no connection the next one will listen, and tell of the gap.
    if (this.#channels.add(channel, onPayload)) await this.#client?.query(`listen ${quoted}`)
    return {
      [Symbol.asyncDispose]: async () => {
        if (!this.#channels.remove(channel, onPayload)) return
        await this.#client?.query(`unlisten ${quoted}`).catch(ignore)
      },
    }
  }

  async tryLock(key: string): Promise<Lock | undefined> {
    const client = this.#client
    // PostgreSQL would give a session the same lock twice.
    if (!client || this.#locks.has(key)) return undefined
    const holding = new AbortController()
    this.#locks.set(key, holding)
    try {
      const { rows } = await client.query<{ ok: boolean }>(TRY_LOCK, [key])
      if (rows[0]?.ok === true && !holding.signal.aborted) return this.#lock(client, key, holding)
    } catch (error) {
      this.#options.log.warn({ err: error, key }, 'asking for a lock')
    }
    this.#forget(key, holding)
    return undefined
  }

  #lock(client: pg.Client, key: string, holding: AbortController): Lock {
    return {
      lost: holding.signal,
      [Symbol.asyncDispose]: async () => {
        // When it was lost somebody else, even in this process, may have it by now.
        if (this.#locks.get(key) !== holding) return
        await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [key]).catch(ignore)
        this.#forget(key, holding)
      },
    }
  }

  #forget(key: string, holding: AbortController): void {
    if (this.#locks.get(key) === holding) this.#locks.delete(key)
  }

  // A connection whose other end has vanished says nothing: ask.
  #beat(client: pg.Client): void {
    this.#heartbeat = this.#options.clock.after(HEARTBEAT_MS, () => {
      client.query('select 1').then(
        () => client === this.#client && this.#beat(client),
        () => this.#lose(client),
      )
    })
  }

  #lose(client: pg.Client): void {
    if (client !== this.#client) return
    this.#client = undefined
    this.#heartbeat?.[Symbol.dispose]()
    const locks = [...this.#locks.values()]
    this.#locks.clear()
    for (const holding of locks) holding.abort(new Error('the session with PostgreSQL that held the lock has ended'))
    void client.end().catch(ignore)
    if (!this.#closing.signal.aborted) this.#reconnecting = this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#closing
    for (let waitMs = RECONNECT_MIN_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)) {
      try {
        await clock.sleep(waitMs, signal)
        await this.connect()
        this.#channels.tellOfGap()
        return
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'no session with PostgreSQL; trying again')
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#heartbeat?.[Symbol.dispose]()
    await this.#reconnecting
    await this.#client?.end()
  }
}

const newClient = (url: string): pg.Client =>
  new pg.Client({
    connectionString: url,
    application_name: 'comity session',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: HEARTBEAT_TIMEOUT_MS,
    keepAlive: true,
  })

/** The server notices within half a minute that we are gone, and frees our locks. Ignored on local sockets. */
const SESSION_SETTINGS = [
  `set tcp_keepalives_idle = ${SERVER_KEEPALIVE_IDLE_SECONDS}`,
  `set tcp_keepalives_interval = ${SERVER_KEEPALIVE_INTERVAL_SECONDS}`,
  `set tcp_keepalives_count = ${SERVER_KEEPALIVE_COUNT}`,
]

const TRY_LOCK = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as ok'

/** Host and port only: the URL may hold a password. */
const placeOf = (url: string): string => {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.hostname || 'the local socket'}:${parsed.port || '5432'}` : 'an unreadable address'
}

// The connection is gone, and with it what we wanted to undo.
const ignore = (): void => {}
