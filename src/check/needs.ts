import type { Config, FederationConfig } from '#src/config.ts'
import { createDiscovery, type Discovery } from '#src/federation/discovery.ts'
import { systemResolvers } from '#src/federation/dns/resolv-conf.ts'
import { createResolver, type Resolver } from '#src/federation/dns/resolver.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Random } from '#src/kit/random.ts'

export interface CheckNeeds {
  readonly config: Config
  /** Named in what there is to change. */
  readonly configFile: string
  readonly clock: Clock
  readonly random: Random
}

/** The same, once it is known that this backend federates. */
export interface FederationNeeds extends CheckNeeds {
  readonly federation: FederationConfig
}

export interface Names {
  readonly resolver: Resolver
  readonly discovery: Discovery
}

/** Names are looked up as the federator does it, with a memory of its own. Throws when there is no resolver. */
export const namesOf = async ({ federation: { dns }, clock, random }: FederationNeeds): Promise<Names> => {
  const servers = dns.servers ?? (await systemResolvers())
  const resolver = createResolver({ ...dns, servers, clock, random })
  return { resolver, discovery: createDiscovery(resolver) }
}
