/**
 * The one connection that is kept for what belongs to a session: `LISTEN` and advisory locks. When it dies the locks
 * are gone and notes were missed; both are told, and a new connection is made for as long as it takes.
 */
import pg from 'pg'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Log } from '#src/kit/log.ts'
import { sharedQuestion } from '#src/kit/shared-question.ts'
import { createChannels, quoteChannel, type Channels } from '../channels.ts'
import type { Database, Lock } from '../database.ts'
import {
  CONNECT_TIMEOUT_MS,
  HEARTBEAT_MS,
  HEARTBEAT_TIMEOUT_MS,
  LOCKS_AT_ONCE_MAX,
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

interface WantedLock {
  readonly key: string
  readonly holding: AbortController
}

interface Row {
  readonly ok?: boolean
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
  #lastAnswer: Promise<unknown> = Promise.resolve()
  /** Those that are wanted at about the same time, by all lanes at a start above all, are asked for together. */
  readonly #takeLocks = sharedQuestion<WantedLock, ReadonlySet<WantedLock>>({
    ask: (wanted) => this.#tryLocks(wanted),
    atOnce: 1,
    keysMax: LOCKS_AT_ONCE_MAX,
  })

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
      await this.#listenToAll(client)
    } catch (cause) {
      void client.end().catch(ignore)
      throw new Error(`connecting to PostgreSQL at ${placeOf(this.#options.url)}`, { cause })
    }
    if (this.#closing.signal.aborted) return client.end()
    this.#client = client
    this.#beat(client)
  }

  /** Until nobody has begun to listen meanwhile: from then on, in the same moment, this is the connection. */
  async #listenToAll(client: pg.Client): Promise<void> {
    const done = new Set<string>()
    for (let next = this.#channels.names()[0]; next !== undefined;) {
      await client.query(`listen ${quoteChannel(next)}`)
      done.add(next)
      next = this.#channels.names().find((name) => !done.has(name))
    }
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<AsyncDisposable> {
    const quoted = quoteChannel(channel)
    // While there is no connection the next one will listen, and tell of the gap.
    if (this.#channels.add(channel, onPayload)) await this.#ask(`listen ${quoted}`)
    return {
      [Symbol.asyncDispose]: async () => {
        if (this.#channels.remove(channel, onPayload)) await this.#ask(`unlisten ${quoted}`)
      },
    }
  }

  async tryLock(key: string): Promise<Lock | undefined> {
    // PostgreSQL would give a session the same lock twice.
    if (this.#locks.has(key)) return undefined
    const wanted = { key, holding: new AbortController() }
    this.#locks.set(key, wanted.holding)
    const taken = await this.#takeLocks([wanted])
    if (taken.has(wanted) && !wanted.holding.signal.aborted) return this.#lock(key, wanted.holding)
    this.#forget(key, wanted.holding)
    return undefined
  }

  async #tryLocks(wanted: readonly WantedLock[]): Promise<ReadonlySet<WantedLock>> {
    // Given up with the connection for which it was wanted: taken over the next one it would be nobody's.
    const asked = wanted.filter(({ holding }) => !holding.signal.aborted)
    const rows = await this.#ask(TRY_LOCKS, [asked.map(({ key }) => key)])
    return new Set(asked.filter((_, index) => rows[index]?.ok === true))
  }

  #lock(key: string, holding: AbortController): Lock {
    return {
      lost: holding.signal,
      [Symbol.asyncDispose]: async () => {
        // When it was lost somebody else, even in this process, may have it by now.
        if (this.#locks.get(key) !== holding) return
        await this.#ask(UNLOCK, [key])
        this.#forget(key, holding)
      },
    }
  }

  /**
   * Sends one statement after another, each over the connection there was when it was asked for. No rows when there is
   * none any more. A connection that fails to answer is given up, with its locks: whether the
   * statement was carried out is not known, and the end of the session settles it.
   */
  #ask(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const client = this.#client
    const answer = this.#lastAnswer.then(async () => {
      if (!client || client !== this.#client) return []
      try {
        const { rows } = await client.query<Row>(text, [...values])
        return rows
      } catch (error) {
        this.#options.log.warn({ err: error, statement: text }, 'the session with PostgreSQL failed')
        this.#lose(client)
        return []
      }
    })
    this.#lastAnswer = answer
    return answer
  }

  #forget(key: string, holding: AbortController): void {
    if (this.#locks.get(key) === holding) this.#locks.delete(key)
  }

  // A connection whose other end has vanished says nothing: ask.
  #beat(client: pg.Client): void {
    this.#heartbeat = this.#options.clock.after(HEARTBEAT_MS, () => {
      void this.#ask('select 1').then(() => client === this.#client && this.#beat(client))
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
    // There may be nobody left to say goodbye to.
    if (this.#client) await withDeadline(this.#client.end(), HEARTBEAT_TIMEOUT_MS, 'saying goodbye').catch(ignore)
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

/** In the order of the keys. */
const TRY_LOCKS = `
  select pg_try_advisory_lock(hashtextextended(key, 0)) as ok
  from unnest($1::text[]) with ordinality as wanted(key, place) order by place`
const UNLOCK = 'select pg_advisory_unlock(hashtextextended($1, 0))'

/** Host and port only: the URL may hold a password. */
const placeOf = (url: string): string => {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.hostname || 'the local socket'}:${parsed.port || '5432'}` : 'an unreadable address'
}

// The connection is gone, and with it what we wanted to undo.
const ignore = (): void => {}
