/** Where a backend says it is: its SRV record, and the addresses of the hosts named there. */
import type { Domain } from '#src/contract/ids.ts'
import type { Discovered, Target } from '#src/federation/discovery.ts'
import type { DnsAnswer } from '#src/federation/dns/answer.ts'
import { TARGETS_TRIED_MAX } from '#src/federation/limits.ts'
import { causeChain } from '#src/kit/errors.ts'
import { LIST_SHOWN_MAX } from './limits.ts'
import { type FederationNeeds, type Names, namesOf } from './needs.ts'
import { listed } from './plain-text.ts'
import { failed, type Finding, type Found, ok, warning } from './step.ts'

export interface Located extends Names {
  readonly targets: readonly Target[]
}

export interface SrvPlan {
  readonly domain: Domain
  /** What the record should be, as far as we know. */
  readonly host: string
  readonly port: number | string
  /** `we` or the operator of the domain. */
  readonly who: string
}

export const srvName = (domain: string): string => `_wire-server-federator._tcp.${domain}`

/** The line of the zone file that there should be. */
export const srvLine = ({ domain, host, port }: Pick<SrvPlan, 'domain' | 'host' | 'port'>): string =>
  `${srvName(domain)}. 600 IN SRV 0 10 ${port} ${host}.`

export const checkSrv = async (needs: FederationNeeds, plan: SrvPlan): Promise<Found<Located>> => {
  try {
    const names = await namesOf(needs)
    // Twice, the second time from memory: the answer for what is shown, the judgement for what is done with it.
    const answer = await names.resolver.lookup({ name: srvName(plan.domain), type: 'SRV' })
    const discovered = await names.discovery.targetsOf(plan.domain)
    const finding = judgeSrv(plan, { answer, discovered })
    return discovered.outcome === 'targets'
      ? { finding, value: { ...names, targets: inOrder(discovered.targets) } }
      : { finding }
  } catch (error) {
    const finding = failed(causeChain(error), {
      why: 'without a resolver no other backend can be found',
      change: `${needs.configFile}: federation.dns.servers: add { host: ADDRESS, port: 53 }`,
    })
    return { finding }
  }
}

/** RFC 2782 leaves the order within a priority to chance; for reading the heaviest comes first. */
const inOrder = (targets: readonly Target[]): readonly Target[] =>
  targets.toSorted((a, b) => a.priority - b.priority || b.weight - a.weight).slice(0, TARGETS_TRIED_MAX)

interface SrvAnswer {
  readonly answer: DnsAnswer
  readonly discovered: Discovered
}

export const judgeSrv = (plan: SrvPlan, { answer, discovered }: SrvAnswer): Finding => {
  const details = recordsOf(answer)
  if (discovered.outcome === 'targets') {
    const { targets } = discovered
    const data = { name: srvName(plan.domain), targets: targets.slice(0, LIST_SHOWN_MAX) }
    const hosts = listed(
      targets.map(({ host, port }) => `${host}:${port}`),
      LIST_SHOWN_MAX,
    )
    const more = targets.length > TARGETS_TRIED_MAX ? `, of which ${TARGETS_TRIED_MAX} are tried` : ''
    return ok(`${srvName(plan.domain)} leads to ${hosts}${more}`, { details, data })
  }
  const why = `other backends find ${plan.domain} by this record and in no other way`
  if (discovered.outcome === 'invalid-domain') {
    const isWithdrawn = answer.outcome === 'records'
    const fact = isWithdrawn
      ? `${discovered.name} leads to “.”, which says that there is no federation (RFC 2782)`
      : `there is no SRV record ${discovered.name}`
    return failed(fact, { details, why, change: `${plan.who}, in DNS: ${srvLine(plan)}` })
  }
  return failed(`${discovered.name}: ${discovered.reason}`, {
    details,
    why,
    change:
      answer.outcome === 'failure'
        ? `the resolvers of this machine (federation.dns.servers, else /etc/resolv.conf) or the DNS servers of ${plan.domain}; try: dig SRV ${discovered.name}`
        : `${plan.who}, in DNS: ${srvLine(plan)}`,
  })
}

const recordsOf = (answer: DnsAnswer): readonly string[] => {
  if (answer.outcome !== 'records') return []
  return answer.records.slice(0, LIST_SHOWN_MAX).flatMap((record) => {
    if (record.type !== 'SRV') return []
    const { priority = 0, weight = 0, port, target } = record.data
    return [`priority ${priority}, weight ${weight}, port ${port}, target ${target}, TTL ${record.ttl ?? 0} s`]
  })
}

/** What is to be said about the addresses of a host, and which of them to go on with. */
export type JudgeAddresses = (addresses: readonly string[]) => Found<readonly string[]>

export const checkAddresses = async (
  { discovery }: Names,
  host: string,
  judge: JudgeAddresses,
): Promise<Found<readonly string[]>> => {
  const addresses = await discovery.addressesOf(host)
  if (addresses.length > 0) return judge(addresses)
  const finding = failed(`${host} has no address`, {
    why: 'the SRV record leads to this host, and a host without an address cannot be connected to',
    change: `whoever runs ${host}, in DNS: ${host}. 600 IN A ADDRESS (or AAAA); or another target in the SRV record`,
  })
  return { finding }
}

export interface PeerPlace {
  readonly domain: Domain
  readonly configFile: string
  /** Why our configuration forbids to go there; undefined when it does not. */
  readonly refusalOf: (address: string) => string | undefined
}

export const judgePeerAddresses =
  ({ domain, configFile, refusalOf }: PeerPlace): JudgeAddresses =>
  (addresses) => {
    const allowed = addresses.filter((address) => refusalOf(address) === undefined)
    const data = { addresses, allowed }
    if (allowed.length === addresses.length) return { finding: ok(addresses.join(', '), { data }), value: addresses }
    const advice = {
      data,
      details: addresses.flatMap((address) => refusalOf(address) ?? []),
      why: 'our federator connects to allowed addresses only, so that nobody’s DNS can point it at our own network',
      change: `if it is meant to lie there, ${configFile}: federation.peerAddresses.perRemote: add { domain: ${domain}, allowed: […] }; else DNS`,
    }
    if (allowed.length === 0) return { finding: failed('we must not connect to any of its addresses', advice) }
    return { finding: warning(`${allowed.join(', ')}; others are not allowed`, advice), value: allowed }
  }
