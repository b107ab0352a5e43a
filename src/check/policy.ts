/** Whom we federate with, as the running backend has it; or, when it does not run, as its file says. */
import type { Domain } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import { POLICY_TIMEOUT_MS } from '#src/federation/limits.ts'
import { policyOf } from '#src/federation/policy.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { causeChain } from '#src/kit/errors.ts'
import { call, overHttp } from '#src/kit/http/client.ts'
import type { FederationNeeds } from './needs.ts'
import { failed, type Finding, type Found, ok, warning } from './step.ts'

export interface Policy {
  readonly known: Pick<RemoteConfigs, 'strategy' | 'remotes'>
  /** Where it was read. */
  readonly source: string
  /** Of the running brig, for changes that need no restart. */
  readonly brigUrl?: string
}

export const checkPolicy = async (needs: FederationNeeds, domain: Domain): Promise<Found<Policy>> => {
  const policy = await readPolicy(needs)
  return { finding: await judgePolicy(policy, { ...needs, domain }), value: policy }
}

export const readPolicy = async ({ config, configFile, federation }: FederationNeeds): Promise<Policy> => {
  const { host, port } = config.listen.brig
  const brigUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  try {
    if (port === 0) throw new Error('listen.brig.port is 0')
    return { known: await askBrig(brigUrl), source: `the running backend (brig at ${brigUrl})`, brigUrl }
  } catch (error) {
    const { strategy, remotes } = federation
    const source = `${configFile} alone, because the running backend could not be asked (${causeChain(error)})`
    return { known: { strategy, remotes }, source }
  }
}

const askBrig = async (url: string): Promise<RemoteConfigs> => {
  await using brig = overHttp(url, { timeoutMs: POLICY_TIMEOUT_MS })
  const asked = (signal: AbortSignal) => call(brig, brigInternal['known-remotes'], {}, { signal })
  return (await withDeadline(asked, POLICY_TIMEOUT_MS, 'asking brig')).body
}

interface Asked {
  readonly domain: Domain
  readonly configFile: string
}

export const judgePolicy = async (policy: Policy, { domain, configFile }: Asked): Promise<Finding> => {
  const { known, source } = policy
  const remote = known.remotes.find((each) => each.domain === domain)
  const details = [`read from ${source}`]
  const data = { strategy: known.strategy, isListed: remote !== undefined }
  const isAllowed = await policyOf(async () => known)(domain)
  if (!isAllowed) {
    return failed(`${known.strategy}: ${domain} ${remote ? 'is listed, but nobody is allowed' : 'is not listed'}`, {
      details,
      data,
      why: 'our federator refuses every request to and from it (federation-denied) before it looks at DNS',
      change: changeOf(policy, { domain, configFile }),
    })
  }
  if (!remote) {
    return warning(`${known.strategy}: everybody is allowed, and ${domain} is not listed`, {
      details,
      data,
      why: 'people of an unlisted remote find nobody here: its search policy is no_search',
      change: listing({ domain, configFile }),
    })
  }
  const words = `${known.strategy}: ${domain} is listed (${remote.search_policy}, ${restrictionOf(remote)})`
  return ok(words, { details, data: { ...data, searchPolicy: remote.search_policy } })
}

const restrictionOf = ({ restriction }: RemoteConfigs['remotes'][number]): string =>
  restriction.tag === 'allow_all' ? 'all teams' : `${restriction.value.length} teams`

const changeOf = ({ known, brigUrl }: Policy, asked: Asked): string => {
  if (known.strategy === 'allowNone') return `${asked.configFile}: federation.strategy: allowDynamic (and a restart)`
  const meanwhile =
    brigUrl === undefined ? '' : `, or without a restart POST the same as JSON to ${brigUrl}/i/federation/remotes`
  return `${listing(asked)}${meanwhile}`
}

const listing = ({ domain, configFile }: Asked): string =>
  `${configFile}: federation.remotes: add { domain: ${domain}, search_policy: exact_handle_search }`
