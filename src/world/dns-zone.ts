/**
 * DNS zones as data and the answers an authoritative server owes for them. Pure: sockets are in `dns-server.ts`.
 * Why our own and not a library's: the one that existed compressed SRV targets, which RFC 2782 forbids and
 * resolvers reject; `dns-packet` writes every name in full.
 */
import type { Answer, Question } from 'dns-packet'

export type ZoneRecord = { readonly name: string; readonly ttl?: number } & (
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV'
      readonly priority?: number
      readonly weight?: number
      readonly port: number
      readonly target: string
    }
)

export interface Zone {
  /** The apex, without trailing dot. */
  readonly origin: string
  readonly records: readonly ZoneRecord[]
  /** How long a resolver may remember that something does not exist (RFC 2308 §5). */
  readonly negativeTtl?: number
}

export type ResponseCode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED'

export interface ZoneAnswer {
  readonly code: ResponseCode
  readonly answers: Answer[]
  readonly authorities: Answer[]
}

export const DEFAULT_TTL = 60

/** What the zones say about one question. A name we have no zone for is refused: we are nobody's resolver. */
export function answerFrom(zones: readonly Zone[], question: Question): ZoneAnswer {
  const name = normalise(question.name)
  const zone = closestZone(zones, name)
  if (!zone) return { code: 'REFUSED', answers: [], authorities: [] }

  const atName = zone.records.filter((record) => normalise(record.name) === name)
  const matching = atName.filter((record) => record.type === question.type || record.type === 'CNAME')
  if (matching.length > 0) {
    // Echoed as asked: resolvers that vary the case of a query compare it with the answer's.
    return { code: 'NOERROR', answers: matching.map((record) => toAnswer(question.name, record)), authorities: [] }
  }
  // RFC 8020: a name above an existing one exists too, it merely has no records.
  const exists =
    name === normalise(zone.origin) || zone.records.some((record) => isWithin(normalise(record.name), name))
  return { code: exists ? 'NOERROR' : 'NXDOMAIN', answers: [], authorities: [startOfAuthority(zone)] }
}

export const normalise = (name: string): string => name.replace(/\.$/, '').toLowerCase()

function closestZone(zones: readonly Zone[], name: string): Zone | undefined {
  return zones
    .filter((zone) => isWithin(name, normalise(zone.origin)))
    .toSorted((a, b) => b.origin.length - a.origin.length)[0]
}

const isWithin = (name: string, ancestor: string): boolean => name === ancestor || name.endsWith(`.${ancestor}`)

function toAnswer(name: string, record: ZoneRecord): Answer {
  const ttl = record.ttl ?? DEFAULT_TTL
  switch (record.type) {
    case 'SRV': {
      const { priority = 0, weight = 10, port, target } = record
      return { type: 'SRV', name, ttl, class: 'IN', data: { priority, weight, port, target } }
    }
    case 'CNAME':
      return { type: 'CNAME', name, ttl, class: 'IN', data: record.target }
    case 'A':
    case 'AAAA':
      return { type: record.type, name, ttl, class: 'IN', data: record.address }
  }
}

/** RFC 2308 §3: a negative answer carries the SOA, whose TTL says how long it may be remembered. */
function startOfAuthority(zone: Zone): Answer {
  const ttl = zone.negativeTtl ?? DEFAULT_TTL
  return {
    type: 'SOA',
    name: zone.origin,
    ttl,
    class: 'IN',
    data: {
      mname: `ns.${zone.origin}`,
      rname: `hostmaster.${zone.origin}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: ttl,
    },
  }
}
