/** A map that cannot grow without bound: the entry unused for longest goes first, and entries may expire. */
import type { Clock } from './clock.ts'

export interface BoundedCache<K, V> {
  get(key: K): V | undefined
  /** `ttlMs` overrides the cache's own. */
  set(key: K, value: V, ttlMs?: number): void
  delete(key: K): void
  clear(): void
  readonly size: number
}

export const boundedCache = <K, V>({
  max,
  ttlMs = Number.POSITIVE_INFINITY,
  clock,
}: {
  readonly max: number
  readonly ttlMs?: number
  readonly clock: Clock
}): BoundedCache<K, V> => {
  const entries = new Map<K, { readonly value: V; readonly expiresMs: number }>()
  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      if (entry.expiresMs <= clock.monotonicMs()) return undefined
      // Re-inserting makes it the youngest: a Map iterates in order of insertion.
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, ownTtlMs = ttlMs) {
      entries.delete(key)
      entries.set(key, { value, expiresMs: clock.monotonicMs() + ownTtlMs })
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
