/** May users of these backends be in one conversation? (rules.md §1.5, §5) */
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { fanOut } from './fan-out.ts'
import { FEDERATION_CHECK_TIMEOUT_MS } from './limits.ts'

export type FederationObstacle =
  /** All that did not answer, for whatever reason. */
  | { readonly outcome: 'unreachable'; readonly backends: readonly [Domain, ...Domain[]] }
  /** Who says it does not know whom. */
  | { readonly outcome: 'non-federating'; readonly backends: readonly [Domain, Domain] }

export type FederationCheck = { readonly outcome: 'connected' } | FederationObstacle

const CONNECTED: FederationCheck = { outcome: 'connected' }

export interface Addition {
  /** Other backends of those who are to be added. */
  readonly joining: readonly Domain[]
  /** Other backends that have members already. */
  readonly present: readonly Domain[]
  readonly requestId: string
}

/** Who takes part already has only to be there; who is new has to get on with all. */
export const checkAddition = async (
  remotes: RemoteBackends,
  { joining, present, requestId }: Addition,
): Promise<FederationCheck> => {
  if (joining.length === 0) return CONNECTED
  if (joining.every((domain) => present.includes(domain))) return checkReachable(remotes, joining, requestId)
  return checkFederation(remotes, [...new Set([...joining, ...present])], requestId)
}

/** Every remote backend has to answer, and to federate with every other. */
export const checkFederation = async (
  remotes: RemoteBackends,
  domains: readonly Domain[],
  requestId: string,
): Promise<FederationCheck> => {
  // A single backend has nobody to federate with but us; that it answers at all is enough.
  if (domains.length < 2) return checkReachable(remotes, domains, requestId)
  const { answers, failures } = await fanOut(domains, async (domain) => {
    const others = domains.filter((other) => other !== domain)
    const question = brigFederation['get-not-fully-connected-backends']
    const context = { requestId, timeoutMs: FEDERATION_CHECK_TIMEOUT_MS }
    const answer = await remotes.call(domain, question, { domains: others }, context)
    return answer.non_connected_backends.filter((other) => others.includes(other))
  })
  const missing = unreachable(domains, failures)
  if (missing) return missing
  for (const domain of domains) {
    const unknown = answers.get(domain)?.[0]
    if (unknown !== undefined) return { outcome: 'non-federating', backends: [domain, unknown] }
  }
  return CONNECTED
}

/** A real question each: a remembered version would say nothing about now. */
const checkReachable = async (
  remotes: RemoteBackends,
  domains: readonly Domain[],
  requestId: string,
): Promise<FederationCheck> => {
  const { failures } = await fanOut(domains, (domain) =>
    remotes.call(domain, brigFederation['api-version'], [], { requestId, timeoutMs: FEDERATION_CHECK_TIMEOUT_MS }),
  )
  return unreachable(domains, failures) ?? CONNECTED
}

const unreachable = (
  domains: readonly Domain[],
  failures: ReadonlyMap<Domain, unknown>,
): FederationObstacle | undefined => {
  const [first, ...rest] = domains.filter((domain) => failures.has(domain))
  return first === undefined ? undefined : { outcome: 'unreachable', backends: [first, ...rest] }
}
