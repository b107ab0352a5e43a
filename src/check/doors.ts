/** Our ingress as strangers find it: there, with the certificate it should have, and closed to them. */
import { createSecureContext } from 'node:tls'
import type { Domain } from '#src/contract/ids.ts'
import { createPeerAddresses } from '#src/federation/peer-addresses.ts'
import { nameOf } from './certificate.ts'
import { checkTcp, checkTls, type Handshake } from './connection.ts'
import { checkHttp2 } from './http2.ts'
import { checkStranger, judgeShutDoor } from './ingress-answer.ts'
import type { FederationNeeds } from './needs.ts'
import type { OwnTls } from './own-tls.ts'
import { checkAddresses, type JudgeAddresses, type Located } from './srv.ts'
import { failed, type Finding, type Found, notTried, ok, type Step, take, warning } from './step.ts'

const BEHIND = ['tcp', 'tls', 'shown certificate', 'http2', 'no certificate']
export const DOOR_STEPS = ['addresses', ...BEHIND]
const after = (name: string): readonly string[] => BEHIND.slice(BEHIND.indexOf(name) + 1)

export interface Known {
  readonly located: Located | undefined
  /** What the ingress should show. */
  readonly ingress: OwnTls | undefined
}

export async function* checkDoors(needs: FederationNeeds, { located, ingress }: Known): AsyncGenerator<Step> {
  const { clock, config } = needs
  let isReached = false
  for (const { host, port } of located?.targets ?? []) {
    const about = `${host}:${port}`
    const judge = judgeOwnAddresses(config.domain, port)
    const found = located && (() => checkAddresses(located, host, judge))
    const addresses = found && (yield* take({ name: 'addresses', about, clock }, found))
    if (!addresses) yield* notTried(BEHIND, about)
    else if (yield* checkDoor(needs, { host, port, addresses, about, ingress })) isReached = true
  }
  if (!located) yield* notTried(['addresses'])
  // From outside it is not there. Whether it is from inside says on which side to look.
  if (!isReached) yield* checkInside(needs, ingress)
}

/** Peers decide for themselves where they go; what is sure is that most go to public addresses only. */
export const judgeOwnAddresses =
  (domain: Domain, port: number): JudgeAddresses =>
  (addresses) => {
    const cautious = createPeerAddresses({ allowed: ['public'], perRemote: [] })
    const details = addresses.flatMap((address) => cautious.refusalOf(domain, { address, port }) ?? [])
    const data = { addresses }
    if (details.length === 0) return { finding: ok(addresses.join(', '), { data }), value: addresses }
    const finding = warning(`${addresses.join(', ')}: not all of them are public`, {
      data,
      details,
      why: 'other backends connect to public addresses only, unless they are told otherwise',
      change:
        'public addresses in DNS; or the operators of peers allow these ones for us (federation.peerAddresses.perRemote there)',
    })
    return { finding, value: addresses }
  }

const ANY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

async function* checkInside(needs: FederationNeeds, ingress: OwnTls | undefined): AsyncGenerator<Step> {
  const { host, port } = needs.config.listen.ingress
  const about = `listen.ingress ${host} port ${port}`
  if (port === 0) return yield* notTried(BEHIND, about)
  const place = { host: needs.config.infraDomain, port, addresses: [ANY[host] ?? host], about, ingress }
  yield* checkDoor(needs, place)
}

interface Place {
  /** The name that is asked for. */
  readonly host: string
  readonly port: number
  readonly addresses: readonly string[]
  readonly about: string
  readonly ingress: OwnTls | undefined
}

/** Returns whether somebody answered. */
async function* checkDoor(needs: FederationNeeds, place: Place): AsyncGenerator<Step, boolean> {
  const { clock, federation } = needs
  const { host, about } = place
  const timeoutMs = federation.connectTimeoutMs
  const step = (name: string) => ({ name, about, clock })
  using closing = new DisposableStack()
  const tcpPlan = { ...place, timeoutMs, clock, refusalOf: () => undefined }
  const tcp = yield* take(step('tcp'), () => checkTcp(tcpPlan, closing))
  if (!tcp) {
    yield* notTried(after('tcp'), about)
    return false
  }
  const tlsPlan = { host, context: NOBODY, timeoutMs }
  const handshake = yield* take(step('tls'), () => checkTls(tcp, tlsPlan))
  if (!handshake) {
    yield* notTried(after('tls'), about)
    return true
  }
  closing.defer(() => handshake.socket.destroy())
  yield* take(step('shown certificate'), () => ({ finding: judgeShown(handshake, place, needs) }))
  const session = yield* take(step('http2'), async () =>
    asStranger(await checkHttp2(handshake.socket, { host, timeoutMs }, closing)),
  )
  if (!session) yield* notTried(after('http2'), about)
  else {
    const plan = { host, timeoutMs: federation.headersTimeoutMs }
    yield* take(step('no certificate'), async () => ({ finding: await checkStranger(session, plan) }))
  }
  return true
}

/** Without a certificate, and without trust: only what is shown matters here. */
const NOBODY = createSecureContext({ ca: [], minVersion: 'TLSv1.2' })

export const judgeShown = (
  { chain }: Pick<Handshake, 'chain'>,
  { ingress, host }: Pick<Place, 'ingress' | 'host'>,
  { federation }: Pick<FederationNeeds, 'federation'>,
): Finding => {
  const { certificateFile } = federation.ingress
  const { leaf } = chain
  const shown = `${nameOf(leaf)}, valid until ${leaf.validToDate.toISOString()}`
  const data = { fingerprint256: leaf.fingerprint256, validTo: leaf.validToDate.toISOString() }
  if (!ingress || ingress.chain.leaf.fingerprint256 === leaf.fingerprint256) return ok(shown, { data })
  return failed(`it is not the one of ${certificateFile}, but ${shown}`, {
    data,
    why: 'what was said about the file is not true of what peers see',
    change: `what answers for ${host}: reload it if it has an older certificate (nginx -s reload); else DNS leads to somebody else, or something before the ingress ends TLS`,
  })
}

const asStranger = <T>(found: Found<T>): Found<T> =>
  /CERTIFICATE_REQUIRED/.test(String(found.finding.data?.['code']))
    ? { finding: judgeShutDoor(found.finding.fact) }
    : found
