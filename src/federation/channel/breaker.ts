/**
 * Whether it is worth trying a peer (the circuit breaker pattern). After several failures in a row requests are refused
 * at once for a moment that doubles up to a bound; then one request at a time is let through, and its ending decides.
 *
 * Failures that come together are one: when a connection breaks, everything on it fails in the same instant, and the
 * next request may well succeed on a new one. Hearing from the peer ends the waiting, so that a peer that has just come
 * back is not kept waiting by us.
 */
import type { Clock } from '#src/kit/clock.ts'
import type { Random } from '#src/kit/random.ts'
import {
  BREAKER_FAILURES_MAX,
  BREAKER_FORGET_MS,
  BREAKER_OPEN_MAX_MS,
  BREAKER_OPEN_MS,
  BREAKER_TOGETHER_MS,
} from '../limits.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** One request that was let through. Exactly one of these is to be called. */
export interface Trial {
  succeeded(): void
  failed(): void
  /** Nothing was learnt about the peer. */
  abandoned(): void
}

export interface Breaker {
  readonly state: BreakerState
  /** Undefined when it is not worth trying. */
  enter(): Trial | undefined
  heard(): void
}

export const createBreaker = (clock: Clock, random: Random): Breaker => {
  let failures = 0
  let failedMs = Number.NEGATIVE_INFINITY
  let openings = 0
  let openUntilMs: number | undefined
  let isProbing = false

  const close = (): void => {
    failures = 0
    openings = 0
    openUntilMs = undefined
    isProbing = false
  }
  const open = (nowMs: number): void => {
    const longestMs = Math.min(BREAKER_OPEN_MS * 2 ** openings, BREAKER_OPEN_MAX_MS)
    openings += 1
    // Half of it by chance, so that those who lost the peer together do not come back together.
    openUntilMs = nowMs + longestMs * (0.5 + random.unit() / 2)
    isProbing = false
  }
  const failed = (isProbe: boolean): void => {
    const nowMs = clock.monotonicMs()
    if (isProbe) return open(nowMs)
    // A request from before the opening tells nothing new.
    if (openUntilMs !== undefined || nowMs - failedMs < BREAKER_TOGETHER_MS) return
    failures = nowMs - failedMs > BREAKER_FORGET_MS ? 1 : failures + 1
    failedMs = nowMs
    if (failures >= BREAKER_FAILURES_MAX) open(nowMs)
  }
  const stateNow = (): BreakerState => {
    if (openUntilMs === undefined) return 'closed'
    return clock.monotonicMs() < openUntilMs ? 'open' : 'half-open'
  }

  return {
    get state() {
      return stateNow()
    },
    enter: () => {
      const state = stateNow()
      const isProbe = state === 'half-open'
      if (state === 'open' || (isProbe && isProbing)) return undefined
      if (isProbe) isProbing = true
      return {
        succeeded: close,
        failed: () => failed(isProbe),
        abandoned: () => {
          if (isProbe) isProbing = false
        },
      }
    },
    heard: () => {
      if (openUntilMs !== undefined) openUntilMs = Math.min(openUntilMs, clock.monotonicMs())
    },
  }
}
