/**
 * A map that cannot grow without bound: when it is full, the entry goes that stands first in line. Whoever is used goes to
 * the end of the line, unless he stands in its last quarter: moving costs more than finding, and what is used all the time
 * would be moved all the time. So nothing goes before three quarters of all others were put or used after it. Entries may
 * expire.
 */
import type { Clock } from './clock.ts'

export interface BoundedCache<K, V> {
  get(key: K): V | undefined
  /** `ttlMs` overrides the cache's own. */
  set(key: K, value: V, ttlMs?: number): void
  delete(key: K): void
  clear(): void
  readonly size: number
}

interface Entry<V> {
  readonly value: V
  readonly expiresMs: number
  /** How many had gone to the end of the line when it did. */
  number: number
}

const NEVER = Number.POSITIVE_INFINITY

export const boundedCache = <K, V>({
  max,
  ttlMs = NEVER,
  clock,
}: {
  readonly max: number
  readonly ttlMs?: number
  readonly clock: Clock
}): BoundedCache<K, V> => {
  // A Map iterates in order of insertion.
  const entries = new Map<K, Entry<V>>()
  let numbers = 0
  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      if (entry.expiresMs !== NEVER && entry.expiresMs <= clock.monotonicMs()) {
        entries.delete(key)
        return undefined
      }
      if (numbers - entry.number >= max / 4) {
        entries.delete(key)
        entries.set(key, entry)
        entry.number = numbers += 1
      }
      return entry.value
    },
    set(key, value, ownTtlMs = ttlMs) {
      const expiresMs = ownTtlMs === NEVER ? NEVER : clock.monotonicMs() + ownTtlMs
      entries.delete(key)
      entries.set(key, { value, expiresMs, number: (numbers += 1) })
      if (entries.size <= max) return
      const oldest = entries.keys().next()
      if (!oldest.done) entries.delete(oldest.value)
    },
    delete(key) {
      entries.delete(key)
    },
    clear() {
      entries.clear()
    },
    get size() {
      return entries.size
    },
  }
}
