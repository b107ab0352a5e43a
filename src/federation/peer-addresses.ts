/**
 * Where a peer may lie. Whoever runs a domain decides what its SRV record and its host names point to, also to our own
 * database or a cloud's metadata service; so an address is judged by what it is, right before it is dialled and never
 * earlier: a name that pointed outside a moment ago may point inside now (DNS rebinding). A list of what is allowed
 * and not of what is forbidden, because new kinds of addresses go on being invented. See
 * docs/decisions/peer-addresses.md.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Domain } from '#src/contract/ids.ts'

/** `translated`: an IPv6 address that stands for an IPv4 address, which then has to be allowed too. */
export type AddressClass = 'public' | 'private' | 'loopback' | 'linkLocal' | 'carrierGradeNat' | 'translated'

export interface PeerAddressRules {
  /** Classes and networks in CIDR notation. */
  readonly allowed: readonly string[]
  /** Instead of `allowed`, for one remote. */
  readonly perRemote: readonly { readonly domain: Domain; readonly allowed: readonly string[] }[]
  /** Default: every port. */
  readonly ports?: readonly number[] | undefined
}

export interface Place {
  /** A numeric address. */
  readonly address: string
  readonly port: number
}

export interface PeerAddresses {
  /** Why this backend must not be sought there; undefined when it may. */
  refusalOf(domain: Domain, place: Place): string | undefined
}

export const createPeerAddresses = ({ allowed, perRemote, ports }: PeerAddressRules): PeerAddresses => {
  const forAll = parseRanges(allowed)
  const forOne = new Map(perRemote.map((remote) => [remote.domain, parseRanges(remote.allowed)]))
  return {
    refusalOf: (domain, { address, port }) => {
      if (ports && !ports.includes(port)) return `port ${port} is not among the allowed ports of peers`
      const judged = judge(address)
      if (judged && isWithin(judged, forOne.get(domain) ?? forAll)) return undefined
      return `${address} is not among the allowed addresses of peers (${judged?.class ?? 'not an address'})`
    },
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

interface Judged {
  readonly address: Address
  /** `other` belongs to no peer, and is allowed only by naming its network. */
  readonly class: AddressClass | 'other'
  readonly standsFor?: Judged
}

interface Ranges {
  readonly classes: ReadonlySet<string>
  readonly networks: readonly (readonly [Address, number])[]
}

const parseRanges = (ranges: readonly string[]): Ranges => ({
  classes: new Set(ranges.filter((range) => !range.includes('/'))),
  networks: ranges.filter((range) => range.includes('/')).map((range) => ipaddr.parseCIDR(range)),
})

const isWithin = ({ address, class: ownClass, standsFor }: Judged, ranges: Ranges): boolean => {
  const isNamed =
    ranges.classes.has(ownClass) ||
    ranges.networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
  return isNamed && (!standsFor || isWithin(standsFor, ranges))
}

/** Undefined for octal, short and other spellings that different programs read differently, and for scoped addresses. */
const judge = (text: string): Judged | undefined => {
  if (isIP(text) === 0 || text.includes('%')) return undefined
  const address = ipaddr.parse(text)
  return address instanceof ipaddr.IPv6 ? judgeSix(address) : judgeFour(address)
}

const FOUR: Readonly<Record<string, AddressClass>> = {
  unicast: 'public',
  private: 'private',
  loopback: 'loopback',
  linkLocal: 'linkLocal',
  carrierGradeNat: 'carrierGradeNat',
}

const judgeFour = (address: ipaddr.IPv4): Judged => ({ address, class: FOUR[address.range()] ?? 'other' })

const SIX: Readonly<Record<string, AddressClass>> = {
  uniqueLocal: 'private',
  loopback: 'loopback',
  linkLocal: 'linkLocal',
}

/** RFC 4291 §2.4: all that is assigned to hosts of the Internet so far. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

const judgeSix = (address: ipaddr.IPv6): Judged => {
  const range = address.range()
  const hidden = hiddenIn(address, range)
  if (hidden) return { address, class: 'translated', standsFor: judgeFour(hidden) }
  if (range === 'unicast') return { address, class: address.match(GLOBAL_UNICAST) ? 'public' : 'other' }
  return { address, class: SIX[range] ?? 'other' }
}

/** RFC 6052 §2.1; other prefixes put the IPv4 address elsewhere, and only their operator knows where. */
const WELL_KNOWN_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
const ALL_BITS = 0xff

const hiddenIn = (address: ipaddr.IPv6, range: string): ipaddr.IPv4 | undefined => {
  const bytes = address.toByteArray()
  if (range === 'ipv4Mapped' || range === 'rfc6145' || address.match(WELL_KNOWN_NAT64)) {
    return new ipaddr.IPv4(bytes.slice(12))
  }
  // RFC 3056 §2.
  if (range === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6))
  // RFC 4380 §4: the client's address, every bit inverted.
  if (range === 'teredo') return new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ ALL_BITS))
  return undefined
}
