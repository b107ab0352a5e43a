import { includesVersion } from '#src/kit/endpoint.ts'
import type { Bundle, BundleEntry } from './letters.ts'

export interface Selected {
  readonly entry: BundleEntry
  readonly version: number
}

/**
 * Which form of a notification to send, and as which version (backend-notifications.md §7.3–7.4): each entry's best
 * version is the greatest that we know, it was written for and the peer supports; the entry with the greatest best one
 * is sent, the later one on a tie. Undefined when we have no version in common.
 */
export const selectEntry = (
  { notifications }: Bundle,
  theirs: readonly number[],
  ours: readonly number[],
): Selected | undefined => {
  const common = ours.filter((version) => theirs.includes(version))
  let selected: Selected | undefined
  for (const entry of notifications) {
    const { from, until_excl: until } = entry.bodyVersions
    const forms = { from, ...(until !== undefined && { until }) }
    const version = Math.max(...common.filter((candidate) => includesVersion(forms, candidate)))
    if (Number.isFinite(version) && version >= (selected?.version ?? version)) selected = { entry, version }
  }
  return selected
}
