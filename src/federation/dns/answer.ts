/** What a reply says about a question (RFC 1035 §4.1, RFC 2308). Pure; who may be believed is decided elsewhere. */
import type { Answer, DecodedPacket, SrvAnswer, StringAnswer } from 'dns-packet'
import { DNS_ALIASES_MAX, DNS_RECORDS_MAX } from '../limits.ts'
import { type Question, sameName } from './message.ts'

export type DnsRecord = SrvAnswer | StringAnswer

export type DnsAnswer =
  | { readonly outcome: 'records'; readonly records: readonly DnsRecord[]; readonly ttlSeconds: number }
  /** The name or the record does not exist. Without an SOA this must not be remembered: `ttlSeconds` is 0. */
  | { readonly outcome: 'absent'; readonly ttlSeconds: number }
  /** The name is another name's alias, and the reply says nothing about that one. */
  | { readonly outcome: 'alias'; readonly of: string; readonly ttlSeconds: number }
  | { readonly outcome: 'failure'; readonly reason: string }

const NO_ERROR = 0
const NAME_ERROR = 3

export const answerOf = (question: Question, reply: DecodedPacket): DnsAnswer => {
  // RFC 1035 §4.1.1: the response code is the lowest four bits of the flags.
  const code = (reply.flags ?? 0) & 0xf
  if (code === NAME_ERROR) return absent(reply)
  if (code !== NO_ERROR) return { outcome: 'failure', reason: `the resolver answered with code ${code}` }
  return followAliases(question, reply)
}

const followAliases = (question: Question, reply: DecodedPacket): DnsAnswer => {
  const usable = (reply.answers ?? []).filter(isOfInternet)
  let owner = question.name
  let ttlSeconds = Number.POSITIVE_INFINITY
  for (let links = 0; links <= DNS_ALIASES_MAX; links++) {
    const atOwner = usable.filter((record) => sameName(record.name, owner))
    const records = atOwner.filter((record) => record.type === question.type).slice(0, DNS_RECORDS_MAX)
    if (records.length > 0) {
      return { outcome: 'records', records, ttlSeconds: Math.min(ttlSeconds, ...records.map(ttlOf)) }
    }
    const alias = atOwner.find((record) => record.type === 'CNAME')
    if (alias?.type !== 'CNAME') return links === 0 ? absent(reply) : { outcome: 'alias', of: owner, ttlSeconds }
    owner = alias.data
    ttlSeconds = Math.min(ttlSeconds, ttlOf(alias))
  }
  return { outcome: 'failure', reason: 'too many aliases' }
}

const isOfInternet = (record: Answer): record is DnsRecord =>
  (record.type === 'SRV' || record.type === 'A' || record.type === 'AAAA' || record.type === 'CNAME') &&
  record.class === 'IN'

// RFC 2181 §8: a TTL with the highest bit set counts as zero.
const ttlOf = ({ ttl = 0 }: DnsRecord): number => (ttl > 0x7fff_ffff ? 0 : ttl)

/** RFC 2308 §5: the smaller of the SOA's own TTL and its MINIMUM field. */
const absent = (reply: DecodedPacket): DnsAnswer => {
  const authority = reply.authorities?.find((record) => record.type === 'SOA')
  const ttlSeconds = authority?.type === 'SOA' ? Math.min(authority.ttl ?? 0, authority.data.minimum ?? 0) : 0
  return { outcome: 'absent', ttlSeconds }
}
