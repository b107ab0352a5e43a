/**
 * One mutually authenticated HTTP/2 connection to one host of a peer. It carries many requests; the certificate is
 * verified once, when it is opened.
 */
import { type ClientHttp2Session, connect, type Settings } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { inSpan } from '#src/kit/tracing.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Discovery, Target } from '../discovery.ts'
import {
  FRAME_BYTES_MAX,
  RESPONSE_HEADER_PAIRS_MAX,
  SESSION_DOUBT_MS,
  SESSION_IDLE_MS,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
  STREAMS_PER_SESSION_MAX,
} from '../limits.ts'
import type { PeerAddresses } from '../peer-addresses.ts'
import type { CurrentTls } from '../tls-material.ts'
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
        const session = await startHttp2(secured, target.host, signal)
        return new PeerSession(session, { target, needs, events })
      },
      needs.connectTimeoutMs,
      `connecting to ${target.host} port ${target.port}`,
    )
  } catch (cause) {
    const told = cause instanceof ForbiddenAddress ? 'the other backend lies where we must not look for it' : undefined
    throw new PeerFailure(phase, `opening a session with ${target.host} port ${target.port}`, { cause, told })
  }
}

/** Resolves when the peer's SETTINGS have come: a burst of first requests must know how many it allows. */
const startHttp2 = (socket: TLSSocket, host: string, signal: AbortSignal): Promise<ClientHttp2Session> =>
  new Promise((resolve, reject) => {
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy()
      return reject(new Error('the other end does not offer HTTP/2'))
    }
    const session = connect(`https://${host}`, {
      createConnection: () => socket,
      maxHeaderListPairs: RESPONSE_HEADER_PAIRS_MAX,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxFrameSize: FRAME_BYTES_MAX },
    })
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    signal.addEventListener('abort', () => session.destroy(), { once: true })
    // Every stream of the session tells its own caller; the process must not end for want of a listener.
    session.on('error', reject)
    session.once('close', () => reject(new Error('the other end closed the session at once')))
    session.once('remoteSettings', () => resolve(session))
  })

interface SessionParts {
  readonly target: Target
  readonly needs: SessionNeeds
  readonly events: SessionEvents
}

const limitOf = ({ maxConcurrentStreams = STREAMS_PER_SESSION_MAX }: Settings): number =>
  Math.min(maxConcurrentStreams, STREAMS_PER_SESSION_MAX)

export class PeerSession {
  /** Numeric address of the other end. */
  readonly remoteAddress: string
  readonly #session: ClientHttp2Session
  readonly #clock: Clock
  readonly #events: SessionEvents
  readonly #exchanging: ExchangeOptions
  #active = 0
  #limit: number
  #isRetired = false
  #idle: Disposable | undefined
  #heardMs: number
  #watching: Disposable | undefined
  #checking: Promise<void> | undefined

  constructor(session: ClientHttp2Session, { target, needs, events }: SessionParts) {
    this.#session = session
    this.#clock = needs.clock
    this.#events = events
    this.#exchanging = {
      authority: target.host,
      headersTimeoutMs: needs.headersTimeoutMs,
      bodyIdleTimeoutMs: needs.bodyIdleTimeoutMs,
      clock: needs.clock,
      // Others shall not have to find out the same way.
      onSilence: () => this.#retire(),
      onHeard: () => this.#heard(),
      onClosed: () => this.#streamClosed(),
    }
    this.#heardMs = needs.clock.monotonicMs()
    this.remoteAddress = session.socket.remoteAddress ?? ''
    this.#limit = limitOf(session.remoteSettings)
    this.#listen(session)
    this.#rest()
  }

  /** False once the peer said goodbye or the connection is gone; requests under way may still end well. */
  get isUsable(): boolean {
    return !this.#isRetired && !this.#session.closed && !this.#session.destroyed
  }

  /** Requests under way. */
  get active(): number {
    return this.#active
  }

  get isClosed(): boolean {
    return this.#session.destroyed
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
    this.#idle?.[Symbol.dispose]()
    if (this.#active === 1) this.#watch()
    return exchange(this.#session, request, this.#exchanging)
  }

  /** Lets requests under way finish. */
  close(): void {
    this.#session.close()
  }

  /** Resolves when the session is closed; what is not after `ms` is cut off. */
  closedWithin(ms: number): Promise<void> {
    if (this.#session.destroyed) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    // With an error, because otherwise half an answer would end as if it were a whole one.
    const timer = this.#clock.after(ms, () => this.#session.destroy(new Error('there is no more time for it')))
    this.#session.once('close', () => {
      timer[Symbol.dispose]()
      resolve()
    })
    return promise
  }

  #listen(session: ClientHttp2Session): void {
    session.on('remoteSettings', (settings) => {
      this.#limit = limitOf(settings)
      this.#events.onRoom(this.#limit - this.#active)
    })
    session.on('goaway', () => this.#retire())
    session.once('close', () => {
      this.#idle?.[Symbol.dispose]()
      this.#watching?.[Symbol.dispose]()
      this.#events.onClosed()
    })
  }

  #rest(): void {
    this.#idle = this.#clock.after(SESSION_IDLE_MS, () => this.#session.close())
  }

  #heard(): void {
    this.#heardMs = this.#clock.monotonicMs()
  }

  /** While requests wait, a dead connection is found long before the time for headers is over. */
  #watch(): void {
    this.#watching = this.#clock.after(SESSION_DOUBT_MS, () => {
      if (this.isDoubtful) void this.check()
      this.#watch()
    })
  }

  async #ping(): Promise<void> {
    if (await answersPing(this.#session)) return this.#heard()
    this.#retire()
    // What is under way here will never be answered either.
    this.#session.destroy()
  }

  #retire(): void {
    this.#isRetired = true
    this.#session.close()
    this.#events.onRetired()
  }

  #streamClosed(): void {
    this.#active -= 1
    if (this.#active === 0) {
      this.#watching?.[Symbol.dispose]()
      this.#rest()
    }
    this.#events.onRoom(1)
  }
}
