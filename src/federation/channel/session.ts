/**
 * One mutually authenticated HTTP/2 connection to one host of a peer. It carries many requests; the certificate is
 * verified once, when it is opened.
 */
import type { TLSSocket } from 'node:tls'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { ClientConnection, type ClientOptions } from '#src/kit/http2/client.ts'
import { inSpan } from '#src/kit/tracing.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Discovery, Target } from '../discovery.ts'
import { http2Options } from '../http2-options.ts'
import {
  RESPONSE_HEADER_BYTES_MAX,
  RESPONSE_HEADER_PAIRS_MAX,
  SESSION_DOUBT_MS,
  SESSION_IDLE_MS,
  STREAMS_PER_SESSION_MAX,
} from '../limits.ts'
import type { PeerAddresses } from '../peer-addresses.ts'
import type { CurrentTls } from '../tls-material.ts'
import { answerPace } from './answer-pace.ts'
import { dial, ForbiddenAddress } from './dial.ts'
import { exchange, type ExchangeOptions, type PeerRequest, type PeerResponse } from './exchange.ts'
import { PeerFailure } from './peer-failure.ts'
import { answersPing } from './ping.ts'
import { secure } from './tls.ts'

/** The same host may be a target of several backends. */
export interface Destination {
  readonly domain: Domain
  readonly target: Target
}

export interface SessionNeeds {
  readonly discovery: Discovery
  readonly peerAddresses: PeerAddresses
  readonly tls: CurrentTls
  readonly clock: Clock
  /** TCP, TLS and the first SETTINGS of the peer. */
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly bodyIdleTimeoutMs: number
  readonly onPhase?: (domain: Domain, phase: 'connect' | 'tls', ms: number) => void
}

export interface SessionEvents {
  /** There is room for so many requests more than before. */
  readonly onRoom: (requests: number) => void
  /** No new requests here; those under way go on. */
  readonly onRetired: () => void
  readonly onClosed: () => void
}

/** Rejects with a {@link PeerFailure} that says how far it came. */
export const openSession = async (
  { domain, target }: Destination,
  needs: SessionNeeds,
  events: SessionEvents,
): Promise<PeerSession> => {
  let phase: PeerFailure['phase'] = 'connect'
  try {
    // Has a time limit of its own.
    const addresses = await needs.discovery.addressesOf(target.host)
    if (addresses.length === 0) throw new Error(`${target.host} has no address`)
    return await withDeadline(
      async (signal) => {
        const refusalOf = (address: string) => needs.peerAddresses.refusalOf(domain, { address, port: target.port })
        const startMs = needs.clock.monotonicMs()
        const dialling = { clock: needs.clock, signal, refusalOf }
        const socket = await inSpan('connect', {}, () => dial(addresses, target.port, dialling))
        phase = 'tls'
        const connectedMs = needs.clock.monotonicMs()
        needs.onPhase?.(domain, 'connect', connectedMs - startMs)
        const secured = await inSpan('tls', {}, () => secure(socket, target.host, { tls: needs.tls(), signal }))
        phase = 'http'
        needs.onPhase?.(domain, 'tls', needs.clock.monotonicMs() - connectedMs)
        const started = await startHttp2(secured, { host: target.host, needs, signal })
        return new PeerSession(started, { target, needs, events })
      },
      needs.connectTimeoutMs,
      `connecting to ${target.host} port ${target.port}`,
    )
  } catch (cause) {
    const told = cause instanceof ForbiddenAddress ? 'the other backend lies where we must not look for it' : undefined
    throw new PeerFailure(phase, `opening a session with ${target.host} port ${target.port}`, { cause, told })
  }
}

interface ConnectionParts {
  readonly host: string
  readonly needs: SessionNeeds
  readonly signal: AbortSignal
}

/** What the session that will be made of a connection has to be told. */
interface Hooks {
  onSettings: () => void
  onGoaway: () => void
  onSilence: () => void
  onClosed: () => void
}

interface Started {
  readonly connection: ClientConnection
  readonly hooks: Hooks
}

/** Resolves when the peer's SETTINGS have come: a burst of first requests must know how many it allows. */
const startHttp2 = (socket: TLSSocket, { host, needs, signal }: ConnectionParts): Promise<Started> =>
  new Promise((resolve, reject) => {
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy()
      return reject(new Error(`${host} does not offer HTTP/2`))
    }
    const hooks: Hooks = {
      onSettings: () => resolve({ connection, hooks }),
      onGoaway: ignore,
      onSilence: ignore,
      onClosed: ignore,
    }
    const connection = new ClientConnection(socket, clientOptions(needs), {
      onSettings: () => hooks.onSettings(),
      onGoaway: () => hooks.onGoaway(),
      onSilence: () => hooks.onSilence(),
      onClosed: (error) => {
        reject(error ?? new Error('the other end closed the session at once'))
        hooks.onClosed()
      },
    })
    signal.addEventListener('abort', () => connection.destroy(), { once: true })
  })

const ignore = (): void => {}

const clientOptions = ({ clock, headersTimeoutMs, bodyIdleTimeoutMs }: SessionNeeds): ClientOptions => ({
  ...http2Options(clock),
  // A peer may not open any.
  streamsMax: 0,
  headers: { charactersMax: RESPONSE_HEADER_BYTES_MAX, pairsMax: RESPONSE_HEADER_PAIRS_MAX },
  // Each is the end of a request of ours, so that we are what bounds them.
  resets: { burst: Number.POSITIVE_INFINITY, perSecond: 0 },
  answerMs: headersTimeoutMs,
  bodyIdleMs: bodyIdleTimeoutMs,
  pace: () => answerPace(clock),
})

interface SessionParts {
  readonly target: Target
  readonly needs: SessionNeeds
  readonly events: SessionEvents
}

export class PeerSession {
  readonly #connection: ClientConnection
  readonly #clock: Clock
  readonly #events: SessionEvents
  readonly #exchanging: ExchangeOptions
  readonly #closed = Promise.withResolvers<void>()
  #active = 0
  #isRetired = false
  #heardMs: number
  /** Since when requests are under way, or none are. */
  #sinceMs: number
  #watching: Disposable
  #checking: Promise<void> | undefined

  constructor({ connection, hooks }: Started, { target, needs, events }: SessionParts) {
    this.#connection = connection
    this.#clock = needs.clock
    this.#events = events
    this.#exchanging = {
      authority: target.host,
      remoteAddress: connection.socket.remoteAddress ?? '',
      onHeard: () => this.#heard(),
      onClosed: () => this.#streamClosed(),
    }
    this.#heardMs = needs.clock.monotonicMs()
    this.#sinceMs = this.#heardMs
    this.#listen(hooks)
    this.#watching = this.#watch(SESSION_DOUBT_MS)
  }

  /** False once the peer said goodbye or the connection is gone; requests under way may still end well. */
  get isUsable(): boolean {
    return !this.#isRetired && this.#connection.isOpen
  }

  /** Requests under way. */
  get active(): number {
    return this.#active
  }

  get isClosed(): boolean {
    return this.#connection.isClosed
  }

  get hasRoom(): boolean {
    return this.#active < this.#limit
  }

  /** Nothing has come for so long that the connection may be dead without our knowing. */
  get isDoubtful(): boolean {
    return this.#clock.monotonicMs() - this.#heardMs >= SESSION_DOUBT_MS
  }

  /** Afterwards it is no longer doubtful, or no longer usable. */
  check(): Promise<void> {
    this.#checking ??= this.#ping().finally(() => (this.#checking = undefined))
    return this.#checking
  }

  request(request: PeerRequest): Promise<PeerResponse> {
    this.#active += 1
    if (this.#active === 1) this.#sinceMs = this.#clock.monotonicMs()
    return exchange(this.#connection, request, this.#exchanging)
  }

  /** Lets requests under way finish. */
  close(): void {
    this.#connection.close()
  }

  /** Resolves when the session is closed; what is not after `ms` is cut off. */
  async closedWithin(ms: number): Promise<void> {
    if (this.#connection.isClosed) return
    using _cutOff = this.#clock.after(ms, () => this.#connection.destroy(new Error('there is no more time for it')))
    await this.#closed.promise
  }

  get #limit(): number {
    return Math.min(this.#connection.streamsMax, STREAMS_PER_SESSION_MAX)
  }

  #listen(hooks: Hooks): void {
    hooks.onSettings = () => this.#events.onRoom(this.#limit - this.#active)
    hooks.onGoaway = () => this.#retire()
    // Others shall not have to find out the same way.
    hooks.onSilence = () => this.#retire()
    hooks.onClosed = () => {
      this.#watching[Symbol.dispose]()
      this.#closed.resolve()
      this.#events.onClosed()
    }
  }

  #heard(): void {
    this.#heardMs = this.#clock.monotonicMs()
  }

  #watch(ms: number): Disposable {
    return this.#clock.after(ms, () => {
      this.#watching = this.#watch(this.#look())
    })
  }

  /**
   * While requests wait, a dead connection is found long before the time for headers is over; one without requests is
   * closed after a while. Returns when to look again.
   */
  #look(): number {
    const nowMs = this.#clock.monotonicMs()
    if (this.#active === 0) {
      const leftMs = this.#sinceMs + SESSION_IDLE_MS - nowMs
      if (leftMs <= 0) this.#connection.close()
      return leftMs > 0 ? Math.min(leftMs, SESSION_DOUBT_MS) : SESSION_DOUBT_MS
    }
    const leftMs = Math.max(this.#sinceMs, this.#heardMs) + SESSION_DOUBT_MS - nowMs
    if (leftMs > 0) return leftMs
    void this.check()
    return SESSION_DOUBT_MS
  }

  async #ping(): Promise<void> {
    if (await answersPing(this.#connection)) return this.#heard()
    this.#retire()
    // What is under way here will never be answered either.
    this.#connection.destroy()
  }

  #retire(): void {
    this.#isRetired = true
    this.#connection.close()
    this.#events.onRetired()
  }

  #streamClosed(): void {
    this.#active -= 1
    if (this.#active === 0) this.#sinceMs = this.#clock.monotonicMs()
    this.#events.onRoom(1)
  }
}
