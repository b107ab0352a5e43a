/** May users of these backends be in one conversation? (rules.md §1.5, §5) */
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { fanOut } from './fan-out.ts'
import { FEDERATION_CHECK_TIMEOUT_MS } from './limits.ts'

export type FederationCheck =
  | { readonly outcome: 'connected' }
  /** All that did not answer, for whatever reason. */
  | { readonly outcome: 'unreachable'; readonly backends: readonly [Domain, ...Domain[]] }
  /** Who says it does not know whom. */
  | { readonly outcome: 'non-federating'; readonly backends: readonly [Domain, Domain] }

/** Every remote backend has to answer, and to federate with every other. */
export const checkFederation = async (
  remotes: RemoteBackends,
  domains: readonly Domain[],
  requestId: string,
): Promise<FederationCheck> => {
  const context = { requestId, timeoutMs: FEDERATION_CHECK_TIMEOUT_MS }
  const { answers, failures } = await fanOut(domains, async (domain): Promise<readonly Domain[]> => {
    const others = domains.filter((other) => other !== domain)
    // A single backend has nobody to federate with but us; that it answers at all is enough.
    if (others.length === 0) {
      await remotes.versionOf(domain, context)
      return []
    }
    const question = brigFederation['get-not-fully-connected-backends']
    const answer = await remotes.call(domain, question, { domains: others }, context)
    return answer.non_connected_backends.filter((other) => others.includes(other))
  })
  const [first, ...rest] = domains.filter((domain) => failures.has(domain))
  if (first !== undefined) return { outcome: 'unreachable', backends: [first, ...rest] }
  for (const domain of domains) {
    const missing = answers.get(domain)?.[0]
    if (missing !== undefined) return { outcome: 'non-federating', backends: [domain, missing] }
  }
  return { outcome: 'connected' }
}
