/** Whom we federate with, as brig keeps it and the federator reads it (federation-transport.md §10.2). */
import { z } from 'zod'
import { Domain, TeamId } from '#src/contract/ids.ts'

export const Strategy = z.enum(['allowNone', 'allowAll', 'allowDynamic'])
export type Strategy = z.infer<typeof Strategy>

export const SearchPolicy = z.enum(['no_search', 'exact_handle_search', 'full_search'])
export type SearchPolicy = z.infer<typeof SearchPolicy>

const RESTRICTED_TEAMS_MAX = 10_000

export const Restriction = z.discriminatedUnion('tag', [
  z.object({ tag: z.literal('allow_all'), value: z.null() }),
  z.object({ tag: z.literal('restrict_by_team'), value: z.array(TeamId).max(RESTRICTED_TEAMS_MAX) }),
])
export type Restriction = z.infer<typeof Restriction>

/** One remote; without a restriction it is open to everybody there. */
export const RemoteConfig = z.object({
  domain: Domain,
  search_policy: SearchPolicy,
  restriction: Restriction.default({ tag: 'allow_all', value: null }),
})
export type RemoteConfig = z.infer<typeof RemoteConfig>

const REMOTES_MAX = 20_000

export const RemoteConfigs = z.object({
  strategy: Strategy,
  remotes: z.array(RemoteConfig).max(REMOTES_MAX),
  /** Seconds; constant 10, kept because the form has it. */
  update_interval: z.int().nonnegative(),
})
export type RemoteConfigs = z.infer<typeof RemoteConfigs>
