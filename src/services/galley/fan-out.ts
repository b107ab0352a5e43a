/** Asking many backends at once: some answer, some do not, and none waits for another. */
import type { Domain } from '#src/contract/ids.ts'

export interface FanOutResult<K, V> {
  readonly answers: ReadonlyMap<K, V>
  readonly failures: ReadonlyMap<K, unknown>
}

/** `ask` must end by itself, in time: calls to other backends carry their own deadline. */
export const fanOut = async <K, V>(
  targets: Iterable<K>,
  ask: (target: K) => Promise<V>,
): Promise<FanOutResult<K, V>> => {
  const answers = new Map<K, V>()
  const failures = new Map<K, unknown>()
  await Promise.all(
    [...new Set(targets)].map(async (target) => {
      try {
        answers.set(target, await ask(target))
      } catch (error) {
        // Not lost: what a silent backend means is for the caller to decide.
        failures.set(target, error)
      }
    }),
  )
  return { answers, failures }
}

export const groupByDomain = <T extends { readonly domain: Domain }>(items: Iterable<T>): Map<Domain, T[]> => {
  const groups = new Map<Domain, T[]>()
  for (const item of items) {
    const group = groups.get(item.domain)
    if (group) group.push(item)
    else groups.set(item.domain, [item])
  }
  return groups
}
