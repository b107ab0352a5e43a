/** What is to be said about one certificate: names, purpose, dates, and where its chain leads. */
import type { X509Certificate } from 'node:crypto'
import { certificateNames } from '#src/federation/identity.ts'
import { type Chain, type ChainPath, pathOf } from './chain.ts'
import { dnsNamesOf } from './certificate-names.ts'
import { LIFETIME_LEFT_ALARM, LIFETIME_LEFT_ALARM_MS_MAX, LIST_SHOWN_MAX } from './limits.ts'
import { listed } from './plain-text.ts'
import { failed, type Finding, ok, warning } from './step.ts'

export interface Judged {
  readonly certificate: X509Certificate
  /** Who can get another one, and where it goes: the subject of what there is to change. */
  readonly mender: string
}

export interface Expected {
  /** Targets of SRV records. */
  readonly hosts: readonly string[]
  /** Whoever connects needs the name of the one it connects to; whoever is called is content with any of them (§8.3). */
  readonly need: 'all' | 'any'
}

/** RFC 9525: only DNS names of the Subject Alternative Name count. */
export const judgeNames = ({ certificate, mender }: Judged, { hosts, need }: Expected): Finding => {
  const named = hosts.filter((host) => certificateNames(certificate, host))
  const unnamed = hosts.filter((host) => !named.includes(host))
  const names = dnsNamesOf(certificate)
  const data = { names: names.slice(0, LIST_SHOWN_MAX), expected: hosts, need }
  const isEnough = need === 'all' ? unnamed.length === 0 : named.length > 0
  if (isEnough) return ok(`it names ${named.join(', ')}`, { data })
  const instead = names.length === 0 ? 'no DNS name at all' : `only ${listed(names, LIST_SHOWN_MAX)}`
  return failed(`it does not name ${unnamed.join(', ')}, where the SRV record leads; it names ${instead}`, {
    why: 'a backend is known by the certificate of its SRV target; the common name does not count (RFC 9525)',
    change: `${mender}: a certificate with the DNS name (subjectAltName) ${unnamed.join(', ')}, or an SRV record whose target is a name in the certificate`,
    data,
  })
}

/** RFC 5280 §4.2.1.12. */
const PURPOSES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const
export type Purpose = keyof typeof PURPOSES

const PURPOSE_REASONS: Readonly<Record<Purpose, string>> = {
  serverAuth: 'whoever connects refuses a server without it, and reports 525',
  clientAuth:
    'other backends answer 400 to every request of ours, unless their ingress is told to accept certificates for servers; public authorities issue nothing else any more',
}

export const judgePurpose = ({ certificate, mender }: Judged, purpose: Purpose): Finding => {
  // Types of the runtime promise a list, but without the extension there is none.
  const purposes: readonly string[] | undefined = certificate.keyUsage
  if (purposes === undefined) return ok(`it is for every purpose, so for ${purpose} too`)
  const named = purposes.map(nameOfPurpose)
  const data = { purposes: named }
  if (purposes.includes(PURPOSES[purpose])) return ok(`it is for ${named.join(' and ')}`, { data })
  return failed(`its extended key usage has no ${purpose}, only ${named.join(' and ')}`, {
    why: PURPOSE_REASONS[purpose],
    change: `${mender}: a certificate with ${purpose} in its extended key usage`,
    data,
  })
}

const nameOfPurpose = (oid: string): string =>
  Object.entries(PURPOSES).find(([, known]) => known === oid)?.[0] ?? `purpose ${oid}`

export const judgeExpiry = ({ certificate, mender }: Judged, now: Date): Finding => {
  const { validFromDate: from, validToDate: to } = certificate
  const leftMs = to.getTime() - now.getTime()
  const data = { validFrom: from.toISOString(), validTo: to.toISOString(), daysLeft: Math.floor(leftMs / DAY_MS) }
  if (leftMs < 0) {
    return failed(`it has expired ${lasting(-leftMs)} ago, on ${to.toISOString()}`, {
      why: 'nobody accepts it any more',
      change: `${mender}: a new certificate, and whatever should have renewed it`,
      data,
    })
  }
  if (from > now) {
    return failed(`it is not valid before ${from.toISOString()}, in ${lasting(from.getTime() - now.getTime())}`, {
      why: 'nobody accepts it yet; or the clock of this machine is slow',
      change: `the clock of this machine if it is not ${now.toISOString()}; else ${mender}: a certificate that is valid now`,
      data,
    })
  }
  const alarmMs = Math.min((to.getTime() - from.getTime()) * LIFETIME_LEFT_ALARM, LIFETIME_LEFT_ALARM_MS_MAX)
  if (leftMs >= alarmMs) return ok(`it is valid for ${lasting(leftMs)} more, until ${to.toISOString()}`, { data })
  return warning(`it expires in ${lasting(leftMs)}, on ${to.toISOString()}`, {
    why: 'three quarters of its time are over, so its renewal does not seem to work',
    change: `${mender}: a new certificate, and whatever should have renewed it`,
    data,
  })
}

const HOUR_MS = 60 * 60 * 1_000
const DAY_MS = 24 * HOUR_MS

const lasting = (ms: number): string => {
  const [count, unit] = ms >= DAY_MS ? [Math.floor(ms / DAY_MS), 'day'] : [Math.floor(ms / HOUR_MS), 'hour']
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`
}

export interface ChainContext {
  readonly anchors: readonly X509Certificate[]
  /** Where the authorities we trust are configured. */
  readonly anchorsAt: string
  readonly mender: string
}

/** `ok` says that there is a way to an authority, not that the verifier of TLS has gone it. */
export const judgeChain = (chain: Chain, { anchors, anchorsAt, mender }: ChainContext): Finding => {
  const found = pathOf(chain, anchors)
  const issued = found.path.filter(({ subject, issuer }) => subject !== issuer)
  const details = issued.map((certificate) => `${nameOf(certificate)}, issued by ${issuerOf(certificate)}`)
  if (found.end === 'trusted') return ok(`it comes from ${nameOf(lastOf(found))}`, { details })
  return failed(CHAIN_FACTS[found.end](issuerOf(lastOf(found))), {
    details,
    why: 'only certificates of trusted authorities say who somebody is',
    change: found.end === 'self-signed' ? advice.trust({ mender, anchorsAt }) : advice.chain({ mender, anchorsAt }),
  })
}

const CHAIN_FACTS: Readonly<Record<Exclude<ChainPath['end'], 'trusted'>, (issuer: string) => string>> = {
  'self-signed': () => 'it is signed by itself or by an authority that is not trusted',
  'other-key': (issuer) => `it was not signed by the ${issuer} that is trusted, but with another key under that name`,
  'issuer-missing': (issuer) => `its issuer ${issuer} is neither trusted nor shown along with it`,
}

type Places = Pick<ChainContext, 'anchorsAt' | 'mender'>
const advice = {
  trust: ({ anchorsAt, mender }: Places) =>
    `${mender}: a certificate of an authority that both sides trust; or trust its authority: ${anchorsAt}`,
  chain: ({ anchorsAt, mender }: Places) =>
    `${mender}: the chain with all intermediates, leaf first; or, if its authority is missing here, trust it: ${anchorsAt}`,
}

const lastOf = ({ path }: ChainPath): X509Certificate => {
  const last = path.at(-1)
  if (!last) throw new Error('a path begins with its leaf')
  return last
}

/** The distinguished name on one line. */
export const nameOf = ({ subject }: X509Certificate): string => oneLine(subject)
export const issuerOf = ({ issuer }: X509Certificate): string => oneLine(issuer)
const oneLine = (name: string | undefined): string => `“${(name ?? '').split('\n').toReversed().join(', ')}”`
