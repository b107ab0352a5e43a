/**
 * Calling other backends for our components (federation-transport.md §4): policy, discovery, connection, request,
 * and the answer, or what went wrong in the words of §11.3. Whether a failure is worth a retry is decided here.
 */
import type { Readable } from 'node:stream'
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { errorResponse } from '#src/kit/http/router.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { hop } from '#src/kit/trace.ts'
import { inSpan, startSpan, type Tracer, withTraceparent } from '#src/kit/tracing.ts'
import type { Component, FederatorTransport } from '#src/rpc/federator-transport.ts'
import { collectFirst } from './bodies.ts'
import type { PeerRequest, PeerResponse } from './channel/exchange.ts'
import type { PeerGates, Visit } from './channel/gates.ts'
import { PeerFailure } from './channel/peer-failure.ts'
import { type ChannelPool, createChannelPool } from './channel/pool.ts'
import { waitAskedFor } from './channel/retry-after.ts'
import type { Discovery, Target } from './discovery.ts'
import type { PeerSessions } from './expulsion.ts'
import { REMOTE_ERROR_BYTES_MAX, REMOTE_ERROR_TIMEOUT_MS, TARGETS_TRIED_MAX } from './limits.ts'
import type { FederationMetrics, ChannelState } from './metrics.ts'
import type { PeerAddresses } from './peer-addresses.ts'
import type { IsAllowed } from './policy.ts'
import {
  askedToWait,
  CallRefusal,
  type CallPlace,
  callFailed,
  federationDenied,
  remoteError,
  undiscovered,
} from './refusals.ts'
import { requestIdOf } from './request-id.ts'
import { orderTargets } from './srv-order.ts'
import type { CurrentTls } from './tls-material.ts'

export interface OutwardRequest {
  readonly domain: Domain
  readonly component: Component
  readonly rpc: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array | Readable
  readonly signal?: AbortSignal | undefined
}

export interface OutwardService extends AsyncDisposable {
  /** Failures are answers; rejects only when the request's own signal was aborted. */
  send(request: OutwardRequest): Promise<WireResponse>
  channels(): ChannelState
  /** The same for components in this process. */
  readonly transport: FederatorTransport
  /** What is open towards other backends. */
  readonly sessions: PeerSessions
}

export interface OutwardNeeds {
  readonly isAllowed: IsAllowed
  readonly discovery: Discovery
  readonly peerAddresses: PeerAddresses
  readonly tls: CurrentTls
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly bodyIdleTimeoutMs: number
  readonly gates: PeerGates
  readonly metrics: FederationMetrics
  readonly tracer: Tracer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const createOutward = (needs: OutwardNeeds): OutwardService => {
  const { metrics, clock } = needs
  const pool = createChannelPool({ ...needs, onPhase: metrics.timed })

  const attempt = async (request: OutwardRequest, requestId: string): Promise<WireResponse> => {
    const { domain, component, rpc } = request
    hop(needs.log, 'federator-out', requestId, { domain, component, rpc })
    try {
      await inSpan('policy', {}, () => admit(domain, needs))
      const discoveryMs = clock.monotonicMs()
      const targets = await inSpan('discovery', {}, () => findTargets(domain, needs))
      metrics.timed(domain, 'discovery', clock.monotonicMs() - discoveryMs)
      const path = `/federation/${component}/${rpc}`
      const toSend = {
        path,
        headers: withTraceparent(headersToSend(request.headers, requestId)),
        body: request.body,
        signal: request.signal,
      }
      return await throughGate(toSend, { domain, targets, pool, gates: needs.gates, metrics, clock })
    } catch (error) {
      request.signal?.throwIfAborted()
      note(error, { requestId, domain, rpc, log: needs.log })
      metrics.called(error instanceof CallRefusal ? error.label : 'server-error')
      const response = errorResponse(error, { log: needs.log, what: `calling ${rpc} of ${domain}` })
      if (response.status >= 500) metrics.netError()
      return response
    }
  }

  const send = (request: OutwardRequest): Promise<WireResponse> => {
    const { domain, component, rpc, headers } = request
    const requestId = requestIdOf(oneValue(headers['wire-origin-request-id']), needs.random)
    const traceparent = oneValue(headers['traceparent'])
    const attributes = { domain, component, rpc, 'comity.request_id': requestId }
    return needs.tracer.enter(`call ${rpc}`, { kind: 'client', traceparent, attributes }, () =>
      attempt(request, requestId),
    )
  }

  return {
    send,
    channels: () => ({ ...pool.load(), peers: needs.gates.busy() }),
    transport: { send },
    sessions: pool,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

const oneValue = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0]

const admit = async (domain: Domain, { isAllowed, metrics }: OutwardNeeds): Promise<void> => {
  if (!(await isAllowed(domain))) {
    const { status, label, detail } = federationDenied(domain)
    throw new CallRefusal('policy', true, { status, label, detail })
  }
  metrics.outgoing(domain)
}

const findTargets = async (domain: Domain, { discovery, random }: OutwardNeeds): Promise<readonly Target[]> => {
  const discovered = await discovery.targetsOf(domain)
  if (discovered.outcome === 'targets') return orderTargets(discovered.targets, random)
  const { status, label, detail, cause } = undiscovered(discovered)
  throw new CallRefusal('discovery', true, { status, label, detail, cause })
}

/** RFC 9113 §8.2.2: what belongs to one connection does not exist in HTTP/2. */
const OF_ONE_CONNECTION = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
  'trailer',
]

/** Not sent to the peer: `Host` (§4), and what our own HTTP/1.1 listener has already acted upon. */
const NOT_SENT = new Set([...OF_ONE_CONNECTION, 'host', 'content-length', 'expect'])
const NOT_RELAYED = new Set(OF_ONE_CONNECTION)

const headersToSend = (headers: OutwardRequest['headers'], requestId: string): PeerRequest['headers'] => {
  const result: Record<string, string | readonly string[]> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && !NOT_SENT.has(name) && !name.startsWith(':')) result[name] = value
  }
  result['wire-origin-request-id'] = requestId
  result['request-id'] = requestId
  return result
}

interface Route {
  readonly domain: Domain
  readonly targets: readonly Target[]
  readonly pool: ChannelPool
  readonly gates: PeerGates
  readonly metrics: FederationMetrics
  readonly clock: Clock
}

interface Answered {
  readonly response: PeerResponse
  readonly place: CallPlace
}

const throughGate = async (request: PeerRequest, route: Route): Promise<WireResponse> => {
  const entry = route.gates.enter(route.domain)
  const place = { host: route.targets[0]?.host ?? route.domain, path: request.path }
  if (entry.is === 'asked to wait') throw askedToWait(entry, place)
  if (entry.is === 'refused') throw callFailed(entry.failure, place)
  const { visit } = entry
  const startMs = route.clock.monotonicMs()
  const answered = await inSpan('answer', {}, () => firstAnswer(request, route)).catch((error: unknown) => {
    // Our own caller going away, and what we ourselves refused, say nothing about the peer.
    if (error instanceof CallRefusal && error.isOfPeer) visit.trial.failed()
    else visit.trial.abandoned()
    visit.leave()
    throw error
  })
  route.metrics.timed(route.domain, 'answer', route.clock.monotonicMs() - startMs)
  welcome(answered.response, visit, route)
  const relayed = await relay(answered.response, answered.place, route.clock)
  route.metrics.called('ok')
  return relayed
}

/** Any answer is a sign of life. Its body still takes up room until it is read or given up. */
const welcome = ({ status, headers, body }: PeerResponse, visit: Visit, { clock, domain, metrics }: Route): void => {
  visit.trial.succeeded()
  const waitMs = waitAskedFor(status, headers, clock)
  if (waitMs !== undefined) visit.askedToWait(status, waitMs)
  const startMs = clock.monotonicMs()
  const finish = startSpan('body')
  const leave = (): void => {
    finish()
    visit.leave()
    metrics.timed(domain, 'body', clock.monotonicMs() - startMs)
  }
  if (body instanceof Uint8Array || body.closed) leave()
  else body.once('close', leave)
}

/**
 * Goes on to the next target when one cannot be reached or trusted: nothing was sent to it. When all fail, the
 * failure of the first is told, which is the only one that the reference would have tried.
 */
const firstAnswer = async (request: PeerRequest, { domain, targets, pool }: Route): Promise<Answered> => {
  let first: CallRefusal | undefined
  for (const target of coolingLast(domain, targets, pool)) {
    const place = { host: target.host, path: request.path }
    try {
      return { response: await pool.request(domain, target, request), place }
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error
      const refusal = callFailed(error, place)
      if (error.phase === 'http') throw refusal
      first ??= refusal
    }
  }
  throw first ?? new Error(`${domain} has no targets`)
}

const coolingLast = (domain: Domain, targets: readonly Target[], pool: ChannelPool): readonly Target[] => {
  // Most have one.
  if (targets.length < 2) return targets
  const { cooling = [], ready = [] } = Object.groupBy(targets, (target) =>
    pool.isCoolingDown(domain, target) ? 'cooling' : 'ready',
  )
  return [...ready, ...cooling].slice(0, TARGETS_TRIED_MAX)
}

const relay = async (response: PeerResponse, place: CallPlace, clock: Clock): Promise<WireResponse> => {
  const { status, headers, body, remoteAddress } = response
  if (status < 200 || status > 299) {
    const bounds = { limit: REMOTE_ERROR_BYTES_MAX, timeoutMs: REMOTE_ERROR_TIMEOUT_MS, clock }
    const told = body instanceof Uint8Array ? body.subarray(0, REMOTE_ERROR_BYTES_MAX) : collectFirst(body, bounds)
    throw remoteError(status, await told, place)
  }
  const relayed: Record<string, string | readonly string[]> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && !name.startsWith(':') && !NOT_RELAYED.has(name)) relayed[name] = value
  }
  // Replaces one that the peer sent: readers take the first they find.
  relayed['wire-remote-ip'] = remoteAddress
  return { status, headers: relayed, body }
}

const note = (error: unknown, about: { requestId: string; domain: Domain; rpc: string; log: Log }): void => {
  if (!(error instanceof CallRefusal)) return
  const { log, ...fields } = about
  const { phase, isRetryable, label } = error
  log.info({ ...fields, phase, isRetryable, label, err: error.cause }, 'a call to another backend failed')
}
