/**
 * Where a backend is reached: the SRV record of its domain, and the addresses of the hosts named there
 * (federation-transport.md §7). Both come from the same resolver, so that a deployment with a resolver of its own
 * has one source of truth.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { DnsAnswer } from './dns/answer.ts'
import type { Resolver } from './dns/resolver.ts'
import { ADDRESSES_MAX } from './limits.ts'

export interface Target {
  /** A host name in lower case without trailing dot. */
  readonly host: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

export type Discovered =
  | { readonly outcome: 'targets'; readonly targets: readonly [Target, ...Target[]] }
  /** There is no such federating domain. */
  | { readonly outcome: 'invalid-domain'; readonly name: string }
  /** Nobody could tell. */
  | { readonly outcome: 'discovery-failure'; readonly name: string; readonly reason: string }

export interface Discovery {
  targetsOf(domain: Domain): Promise<Discovered>
  /** Addresses to try, in order; empty when the host has none. */
  addressesOf(host: string): Promise<readonly string[]>
}

export const createDiscovery = (resolver: Resolver): Discovery => {
  // The resolver remembers answers, and every request asks; what an answer says is read from it once.
  const read = new WeakMap<DnsAnswer, Discovered>()
  return {
    targetsOf: async (domain) => {
      const name = `_wire-server-federator._tcp.${domain}`
      const answer = await resolver.lookup({ name, type: 'SRV' })
      const known = read.get(answer)
      if (known) return known
      const found = discovered(name, answer)
      if (found.outcome === 'targets') read.set(answer, found)
      return found
    },
    addressesOf: async (host) => {
      const [six, four] = await Promise.all([
        resolver.lookup({ name: host, type: 'AAAA' }),
        resolver.lookup({ name: host, type: 'A' }),
      ])
      return interleave(textsOf(six), textsOf(four)).slice(0, ADDRESSES_MAX)
    },
  }
}

const discovered = (name: string, answer: DnsAnswer): Discovered => {
  if (answer.outcome === 'absent') return { outcome: 'invalid-domain', name }
  if (answer.outcome === 'alias') return { outcome: 'discovery-failure', name, reason: 'an alias that leads nowhere' }
  if (answer.outcome === 'failure') return { outcome: 'discovery-failure', name, reason: answer.reason }
  const services = answer.records.flatMap((record) => (record.type === 'SRV' ? [record.data] : []))
  // RFC 2782: the target "." says that the service is decidedly not available; among others it is meaningless.
  const [only, ...others] = services
  if (only?.target === '.' && others.length === 0) return { outcome: 'invalid-domain', name }
  const [first, ...rest] = services.flatMap(({ target, port, priority = 0, weight = 0 }): Target[] => {
    const host = hostName(target)
    return host === undefined || port === 0 ? [] : [{ host, port, priority, weight }]
  })
  if (!first) return { outcome: 'discovery-failure', name, reason: 'no record names a usable host and port' }
  return { outcome: 'targets', targets: [first, ...rest] }
}

// The last label must have a letter: an address in dotted form is no host name (RFC 1123 §2.1), and certificates,
// SNI and name matching treat the two differently.
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?![0-9]+$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

const hostName = (target: string): string | undefined => {
  const host = target.replace(/\.$/, '').toLowerCase()
  return HOST_NAME.test(host) ? host : undefined
}

const textsOf = (answer: DnsAnswer): string[] =>
  answer.outcome === 'records' ? answer.records.flatMap(({ data }) => (typeof data === 'string' ? [data] : [])) : []

/** RFC 8305 §4: families alternate, so that a broken one costs at most one attempt. */
const interleave = (a: readonly string[], b: readonly string[]): string[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, index) => [a[index], b[index]])
    .flat()
    .filter((address) => address !== undefined)
