/**
 * The gate before each peer. It lets so many requests in at once and no more, so that a peer that answers slowly holds
 * up its own requests and not those to others (a bulkhead); it refuses at once while trying is not worth it (a circuit
 * breaker); and it keeps to what a peer asks for by `Retry-After`, which is an answer and no failure (RFC 6585 §4).
 */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import type { Random } from '#src/kit/random.ts'
import { PEERS_REMEMBERED_MAX } from '../limits.ts'
import { type Breaker, type BreakerState, createBreaker, type Trial } from './breaker.ts'
import { PeerFailure } from './peer-failure.ts'

export type Entry =
  | { readonly is: 'let in'; readonly visit: Visit }
  | { readonly is: 'refused'; readonly failure: PeerFailure; readonly why: 'full' | 'open' }
  /** The peer asked us to wait; for so much longer. */
  | { readonly is: 'asked to wait'; readonly status: number; readonly seconds: number }

export interface Visit {
  readonly trial: Trial
  /** The peer answered with this status and wants to be left alone for so long. */
  askedToWait(status: number, ms: number): void
  /** Makes room for the next; harmless the second time. */
  leave(): void
}

export interface PeerGate {
  readonly domain: Domain
  readonly breaker: BreakerState
  readonly inside: number
}

export interface PeerGates {
  enter(domain: Domain): Entry
  /** The peer called us, so it lives. */
  heard(domain: Domain): void
  /** Those with requests inside, and those that are given a rest. */
  busy(): readonly PeerGate[]
}

export interface GateNeeds {
  /** Requests to one peer that wait or are under way. */
  readonly peerRequestsMax: number
  readonly clock: Clock
  readonly random: Random
}

interface Wish {
  readonly status: number
  readonly endMs: number
}

export const createPeerGates = ({ peerRequestsMax, clock, random }: GateNeeds): PeerGates => {
  const inside = new Map<Domain, number>()
  const breakers = boundedCache<Domain, Breaker>({ max: PEERS_REMEMBERED_MAX, clock })
  const resting = new Set<Domain>()
  const wishes = boundedCache<Domain, Wish>({ max: PEERS_REMEMBERED_MAX, clock })

  const breakerOf = (domain: Domain): Breaker => {
    const breaker = breakers.get(domain) ?? createBreaker(clock, random)
    breakers.set(domain, breaker)
    return breaker
  }
  const stateOf = (domain: Domain): BreakerState => breakers.get(domain)?.state ?? 'closed'
  const visit = (domain: Domain, trial: Trial): Visit => {
    inside.set(domain, (inside.get(domain) ?? 0) + 1)
    let isInside = true
    return {
      trial: {
        ...trial,
        failed: () => {
          trial.failed()
          if (breakerOf(domain).state !== 'closed') resting.add(domain)
        },
      },
      askedToWait: (status, ms) => wishes.set(domain, { status, endMs: clock.monotonicMs() + ms }, ms),
      leave: () => {
        if (!isInside) return
        isInside = false
        const left = (inside.get(domain) ?? 0) - 1
        if (left > 0) inside.set(domain, left)
        else inside.delete(domain)
      },
    }
  }

  return {
    enter: (domain) => {
      const wish = wishes.get(domain)
      if (wish) {
        const seconds = Math.ceil((wish.endMs - clock.monotonicMs()) / 1000)
        return { is: 'asked to wait', status: wish.status, seconds }
      }
      if ((inside.get(domain) ?? 0) >= peerRequestsMax) {
        return { is: 'refused', why: 'full', failure: refusal('too many requests wait for the other backend') }
      }
      const trial = breakerOf(domain).enter()
      return trial
        ? { is: 'let in', visit: visit(domain, trial) }
        : { is: 'refused', why: 'open', failure: refusal('the other backend failed repeatedly and is given a rest') }
    },
    heard: (domain) => breakers.get(domain)?.heard(),
    busy: () => {
      for (const domain of resting) if (stateOf(domain) === 'closed') resting.delete(domain)
      return [...new Set([...resting, ...inside.keys()])].map((domain) => ({
        domain,
        inside: inside.get(domain) ?? 0,
        breaker: stateOf(domain),
      }))
    },
  }
}

// Nothing was sent, as when nobody answers.
const refusal = (told: string): PeerFailure => new PeerFailure('connect', told, { told })
