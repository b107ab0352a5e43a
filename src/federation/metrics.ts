/**
 * What an operator sees of a federator, as Prometheus reads it (federation-transport.md §14, and more under a prefix of
 * our own). A label holds a domain only where the number of domains is bounded: whatever a stranger can make up is
 * counted under one value. State is read when it is asked for, so nothing has to be kept in step.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { BreakerState } from './channel/breaker.ts'
import { COUNTED_DOMAINS_MAX, TIMED_PEERS_MAX } from './limits.ts'
import { counterBy, type Observe, Times } from './tallies.ts'

/** `answer` ends with the headers and includes waiting for room; `body` ends with the last byte. */
export type TimedPhase = 'discovery' | 'connect' | 'tls' | 'answer' | 'body'

/** Of both caches: found and used, found but beyond its time, not found. */
export type CacheUse = 'hit' | 'stale' | 'miss'

export interface ChannelState {
  readonly sessions: number
  readonly streams: number
  readonly waiting: number
  readonly peers: readonly PeerState[]
}

export interface PeerState {
  readonly domain: string
  readonly inside: number
  readonly breaker: BreakerState
}

export interface ServedRequest {
  readonly handler: string
  readonly method: string
  readonly status: number
  readonly ms: number
}

export interface FederationMetrics {
  /** A request to this backend passed our policy. */
  outgoing(domain: string): void
  /** A request came in. Those refused before DNS was asked share one label: anybody can claim any domain. */
  incoming(domain: string, wasAllowed: boolean): void
  /** An answer with status 500 or above that no component and no peer has given. */
  netError(): void
  served(request: ServedRequest): void
  timed(domain: string, phase: TimedPhase, ms: number): void
  /** `ok`, or the label of §11.3. */
  called(outcome: string): void
  lookup(use: CacheUse): void
  certificate(use: CacheUse): void
  /** Whom to ask for the state of the channels. */
  watch(channels: () => ChannelState): void
  /** Prometheus text format. */
  render(): Promise<string>
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export const createMetrics = (): FederationMetrics => {
  const registers = [new Registry()]
  const inTotal = countersOf(registers)
  const target = boundedLabel(COUNTED_DOMAINS_MAX)
  const origin = boundedLabel(COUNTED_DOMAINS_MAX)
  return {
    outgoing: (domain) => inTotal.outgoing(target(domain)),
    incoming: (domain, wasAllowed) => inTotal.incoming(wasAllowed ? origin(domain) : 'denied'),
    netError: () => inTotal.netErrors.inc(),
    served: servedTimes(registers),
    timed: phaseTimes(registers),
    called: inTotal.calls,
    lookup: inTotal.lookups,
    certificate: inTotal.certificates,
    watch: (channels) => showChannels(registers, channels),
    render: async () => {
      const parts = await Promise.all([...registers, ofProcess()].map((registry) => registry.metrics()))
      return parts.join('\n')
    },
  }
}

/** The first so many values keep their name. */
const boundedLabel = (max: number): ((value: string) => string) => {
  const known = new Set<string>()
  return (value) => {
    if (known.has(value)) return value
    if (known.size >= max) return 'other'
    known.add(value)
    return value
  }
}

const countersOf = (registers: Registry[]) => ({
  outgoing: counterBy(
    {
      name: 'com_wire_federator_outgoing_requests',
      help: 'Requests to other backends that our policy allows.',
      label: 'target_domain',
    },
    registers,
  ),
  incoming: counterBy(
    {
      name: 'com_wire_federator_incoming_requests',
      help: 'Requests of other backends; those that are not allowed under one name.',
      label: 'origin_domain',
    },
    registers,
  ),
  netErrors: new Counter({ name: 'net_errors', help: 'Answers of 500 and above that are our own.', registers }),
  calls: counterBy(
    {
      name: 'comity_federation_calls_total',
      help: 'Calls to other backends by how they ended.',
      label: 'outcome',
    },
    registers,
  ),
  lookups: counterBy(
    {
      name: 'comity_federation_dns_lookups_total',
      help: 'Names that were needed, and whether they were remembered.',
      label: 'result',
    },
    registers,
  ),
  certificates: counterBy(
    {
      name: 'comity_federation_certificates_total',
      help: 'Certificates of callers, and whether they had been parsed before.',
      label: 'result',
    },
    registers,
  ),
})

const servedTimes = (registers: Registry[]): FederationMetrics['served'] => {
  const times = new Times(
    {
      name: 'http_request_duration_seconds',
      help: 'Time until a request was answered in full.',
      labelNames: ['handler', 'method', 'status_code'],
      buckets: SECONDS,
    },
    registers,
  )
  const lines = new Map<string, Observe>()
  return ({ handler, method, status, ms }) => {
    const key = `${handler} ${method} ${status}`
    const line = lines.get(key) ?? times.line({ handler, method, status_code: status })
    lines.set(key, line)
    line(ms / 1000)
  }
}

const phaseTimes = (registers: Registry[]): FederationMetrics['timed'] => {
  const times = new Times(
    {
      name: 'comity_federation_phase_seconds',
      help: 'Time that the phases of a call to another backend took.',
      labelNames: ['phase', 'peer'],
      buckets: SECONDS,
    },
    registers,
  )
  const timedPeer = boundedLabel(TIMED_PEERS_MAX)
  const lines = new Map<string, Partial<Record<TimedPhase, Observe>>>()
  return (domain, phase, ms) => {
    const peer = timedPeer(domain)
    const ofPeer = lines.get(peer) ?? {}
    lines.set(peer, ofPeer)
    const line = (ofPeer[phase] ??= times.line({ phase, peer }))
    line(ms / 1000)
  }
}

const STATES: readonly BreakerState[] = ['closed', 'half-open', 'open']

const showChannels = (registers: Registry[], channels: () => ChannelState): void => {
  const total = (name: string, help: string, valueOf: (state: ChannelState) => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(valueOf(channels()))
      },
    })
  const perPeer = (name: string, help: string, valueOf: (peer: PeerState) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['peer'],
      registers: [],
      collect() {
        this.reset()
        for (const peer of channels().peers.slice(0, TIMED_PEERS_MAX)) this.set({ peer: peer.domain }, valueOf(peer))
      },
    })
  const gauges = [
    total('comity_federation_sessions', 'Open connections to other backends.', ({ sessions }) => sessions),
    total('comity_federation_streams', 'Requests under way on them.', ({ streams }) => streams),
    total('comity_federation_waiting', 'Requests that wait for room on them.', ({ waiting }) => waiting),
    perPeer('comity_federation_peer_requests', 'Requests that wait or are under way.', ({ inside }) => inside),
    perPeer('comity_federation_breaker', 'Whether a peer is given a rest: 0 no, 1 on trial, 2 yes.', ({ breaker }) =>
      STATES.indexOf(breaker),
    ),
  ]
  for (const register of registers) for (const gauge of gauges) register.registerMetric(gauge)
}

let processRegistry: Registry | undefined

/** Memory, garbage collection and the event loop: of the process, so one for however many federators are in it. */
const ofProcess = (): Registry => {
  if (processRegistry) return processRegistry
  processRegistry = new Registry()
  collectDefaultMetrics({ register: processRegistry })
  return processRegistry
}
