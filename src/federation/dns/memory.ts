/**
 * Answers as long as they are good, and a little longer for when no resolver can be reached (RFC 8767): a peer does not
 * move just because our resolver is restarted. Only records are kept beyond their time; that something does not exist
 * is not, because a peer that has just been set up would pay for it.
 */
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { DNS_CACHE_ENTRIES_MAX, DNS_RECHECK_MS, DNS_STALE_MS, DNS_TTL_SECONDS_MAX } from '../limits.ts'
import type { DnsAnswer } from './answer.ts'

export interface Remembered {
  readonly answer: DnsAnswer
  /** Whether it may be used without asking. */
  readonly isGood: boolean
}

export interface DnsMemory {
  get(key: string): Remembered | undefined
  /** Keeps it if it may be kept. */
  set(key: string, answer: DnsAnswer): void
  /** Nobody could be asked about this: what is known of it is good for a moment more. */
  askedInVain(key: string): void
}

interface Entry {
  readonly answer: DnsAnswer
  readonly goodUntilMs: number
  readonly endMs: number
}

export const createDnsMemory = (clock: Clock): DnsMemory => {
  const entries = boundedCache<string, Entry>({ max: DNS_CACHE_ENTRIES_MAX, clock })
  return {
    get: (key) => {
      const entry = entries.get(key)
      return entry && { answer: entry.answer, isGood: clock.monotonicMs() < entry.goodUntilMs }
    },
    set: (key, answer) => {
      if (answer.outcome === 'failure') return
      const ttlMs = Math.min(answer.ttlSeconds, DNS_TTL_SECONDS_MAX) * 1000
      // RFC 1035 §3.2.1: zero means for this transaction only, so there is nothing that could grow old.
      if (ttlMs <= 0) return entries.delete(key)
      const goodUntilMs = clock.monotonicMs() + ttlMs
      const keepMs = ttlMs + (answer.outcome === 'records' ? DNS_STALE_MS : 0)
      entries.set(key, { answer, goodUntilMs, endMs: clock.monotonicMs() + keepMs }, keepMs)
    },
    askedInVain: (key) => {
      const entry = entries.get(key)
      if (!entry) return
      const nowMs = clock.monotonicMs()
      // The end stays where it is, or a failure that lasts would keep an answer for ever.
      entries.set(key, { ...entry, goodUntilMs: nowMs + DNS_RECHECK_MS }, entry.endMs - nowMs)
    },
  }
}
