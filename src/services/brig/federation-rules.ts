/** With whom, and how far, this backend federates (federation-transport.md §10, federation-api.md §6.4). */
import type { Domain, TeamId } from '#src/contract/ids.ts'
import type { RemoteConfig, Strategy } from '#src/contract/internal/remotes.ts'
import type { SearchPolicy } from '#src/contract/vocabulary.ts'

/** May a user of this team of the remote backend be connected with ours? Unlisted is `undefined`. */
export const federatesWithTeam = (
  strategy: Strategy,
  remote: RemoteConfig | undefined,
  team: TeamId | null,
): boolean => {
  if (strategy === 'allowAll') return true
  if (strategy === 'allowNone' || !remote) return false
  const { restriction } = remote
  return restriction.tag === 'allow_all' || (team !== null && restriction.value.includes(team))
}

/** What a searcher of that backend, and of that team, may find. An unlisted backend finds nothing, under any strategy. */
export const searchPolicyFor = (remote: RemoteConfig | undefined, team: TeamId | null): SearchPolicy => {
  if (!remote) return 'no_search'
  const { restriction, search_policy: policy } = remote
  if (restriction.tag === 'allow_all') return policy
  return team !== null && restriction.value.includes(team) ? policy : 'no_search'
}

/** Which teams of the remote backend our user may find people of: `null` is no restriction. */
export const searchableTeams = (remote: RemoteConfig | undefined): TeamId[] | null => {
  if (!remote) return []
  return remote.restriction.tag === 'allow_all' ? null : remote.restriction.value
}

/** Those of the domains that this backend does not federate with (federation-api.md §6.9). */
export const notFederating = (
  domains: readonly Domain[],
  { strategy, remotes }: { readonly strategy: Strategy; readonly remotes: readonly RemoteConfig[] },
): Domain[] => {
  if (strategy === 'allowAll') return []
  const listed = new Set(remotes.map(({ domain }) => domain))
  return domains.filter((domain) => !listed.has(domain))
}

/** Equal content, whatever the order of the teams. */
export const isSameRemote = (one: RemoteConfig, other: RemoteConfig): boolean =>
  one.domain === other.domain &&
  one.search_policy === other.search_policy &&
  one.restriction.tag === other.restriction.tag &&
  teamsOf(one).join() === teamsOf(other).join()

const teamsOf = ({ restriction }: RemoteConfig): TeamId[] =>
  restriction.tag === 'allow_all' ? [] : [...new Set(restriction.value)].toSorted()
