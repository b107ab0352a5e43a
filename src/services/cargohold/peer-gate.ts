/**
 * What one other backend may have at once and per second, so that none takes all there is. A transfer that has no room
 * waits for a moment: many who look at one picture at the same time are no attack.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { boundedCache } from '#src/kit/lru.ts'
import {
  PEERS_REMEMBERED_MAX,
  REQUESTS_PER_PEER_BURST,
  REQUESTS_PER_PEER_PER_SECOND,
  TRANSFER_WAIT_MS,
  TRANSFERS_PER_PEER_MAX,
  TRANSFERS_WAITING_PER_PEER_MAX,
} from './limits.ts'
import { turnsOf } from './turns.ts'

export interface PeerGate {
  /** Counts a question; throws a {@link Refusal} when there were too many lately. */
  admit(peer: Domain): void
  /** Room for a transfer, until disposed of; throws a {@link Refusal} when none comes free in time. */
  transfer(peer: Domain): Promise<Disposable>
  readonly transfers: number
}

export interface PeerLimits {
  readonly transfersMax: number
  readonly waitingMax: number
  readonly waitMs: number
  readonly burst: number
  readonly perSecond: number
}

const LIMITS: PeerLimits = {
  transfersMax: TRANSFERS_PER_PEER_MAX,
  waitingMax: TRANSFERS_WAITING_PER_PEER_MAX,
  waitMs: TRANSFER_WAIT_MS,
  burst: REQUESTS_PER_PEER_BURST,
  perSecond: REQUESTS_PER_PEER_PER_SECOND,
}

export const peerGate = (clock: Clock, limits = LIMITS): PeerGate => {
  const turns = turnsOf(limits.transfersMax)
  const lines = new Map<Domain, Set<() => void>>()
  const admit = rateOf(clock, limits)
  return {
    admit,
    transfer: async (peer) => {
      const end = clock.monotonicMs() + limits.waitMs
      for (;;) {
        const turn = turns.tryEnter(peer)
        if (turn) return leaving(turn, () => wakeOne(lines, peer))
        if ((lines.get(peer)?.size ?? 0) >= limits.waitingMax || clock.monotonicMs() >= end) throw tooMany()
        await waitIn(lines, peer, { clock, ms: end - clock.monotonicMs() })
      }
    },
    get transfers() {
      return turns.inside
    },
  }
}

const tooMany = (): Refusal => new Refusal(429, 'client-error', { detail: 'Too many requests for assets' })

const leaving = (turn: Disposable, onLeft: () => void): Disposable => ({
  [Symbol.dispose]: () => {
    turn[Symbol.dispose]()
    onLeft()
  },
})

type Lines = Map<Domain, Set<() => void>>

const wakeOne = (lines: Lines, peer: Domain): void => {
  const [next] = lines.get(peer) ?? []
  next?.()
}

const waitIn = (lines: Lines, peer: Domain, { clock, ms }: { clock: Clock; ms: number }): Promise<void> =>
  new Promise((resolve) => {
    const line = lines.get(peer) ?? new Set()
    lines.set(peer, line)
    const go = (): void => {
      line.delete(go)
      if (line.size === 0) lines.delete(peer)
      timer[Symbol.dispose]()
      resolve()
    }
    const timer = clock.after(ms, go)
    line.add(go)
  })

/** A bucket that holds `burst` questions and fills by `perSecond`. */
const rateOf = (clock: Clock, { burst, perSecond }: PeerLimits): PeerGate['admit'] => {
  const buckets = boundedCache<Domain, { readonly level: number; readonly atMs: number }>({
    max: PEERS_REMEMBERED_MAX,
    clock,
  })
  return (peer) => {
    const atMs = clock.monotonicMs()
    const before = buckets.get(peer) ?? { level: burst, atMs }
    const level = Math.min(burst, before.level + ((atMs - before.atMs) / 1000) * perSecond)
    if (level < 1) throw tooMany()
    buckets.set(peer, { level: level - 1, atMs })
  }
}
