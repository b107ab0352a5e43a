/**
 * Every step on the way to a peer, in the order in which the federator goes it. Where the federator would stop, the
 * check goes on as long as there is something to look at: an operator wants all that is wrong, not the first of it. So a
 * connection whose certificate is refused is used for the one question that has no secret in it (api-version).
 */
import type { TLSSocket } from 'node:tls'
import type { Domain } from '#src/contract/ids.ts'
import { contextOf } from '#src/federation/channel/tls.ts'
import type { Target } from '#src/federation/discovery.ts'
import { createPeerAddresses } from '#src/federation/peer-addresses.ts'
import { type ApiVersionPlan, checkApiVersion } from './api-version.ts'
import { judgeChain, judgeExpiry, judgeNames, judgePurpose } from './certificate.ts'
import { judgeClock } from './clock-difference.ts'
import { checkClientFiles, checkConfiguration } from './configuration.ts'
import { checkTcp, checkTls, type Handshake } from './connection.ts'
import { checkHttp2 } from './http2.ts'
import type { CheckNeeds, FederationNeeds } from './needs.ts'
import { faultsOfClient, type OwnTls } from './own-tls.ts'
import { checkPolicy } from './policy.ts'
import { checkAddresses, checkSrv, judgePeerAddresses, type Located } from './srv.ts'
import { failed, type Finding, notTried, ok, type Step, take } from './step.ts'

const CERTIFICATE_STEPS = ['certificate names', 'certificate purpose', 'certificate expiry', 'certificate chain']
const TARGET_STEPS = ['addresses', 'tcp', 'tls', ...CERTIFICATE_STEPS, 'http2', 'api-version', 'clock']
const after = (name: string): readonly string[] => TARGET_STEPS.slice(TARGET_STEPS.indexOf(name) + 1)

export async function* checkPeer(needs: CheckNeeds, domain: Domain): AsyncGenerator<Step> {
  const { clock } = needs
  const federating = yield* take({ name: 'configuration', clock }, () => checkConfiguration(needs))
  if (!federating) return yield* notTried(['own certificate', 'policy', 'srv', ...TARGET_STEPS])
  const own = yield* take({ name: 'own certificate', clock }, () => checkClientFiles(federating))
  yield* take({ name: 'policy', clock }, () => checkPolicy(federating, domain))
  const plan = { domain, host: `federator.${domain}`, port: 443, who: `the operator of ${domain}` }
  const located = yield* take({ name: 'srv', clock }, () => checkSrv(federating, plan))
  if (!located) return yield* notTried(TARGET_STEPS)
  for (const target of located.targets) yield* checkTarget({ needs: federating, domain, own, located, target })
}

interface Way {
  readonly needs: FederationNeeds
  readonly domain: Domain
  readonly own: OwnTls | undefined
  readonly located: Located
  readonly target: Target
}

async function* checkTarget(way: Way): AsyncGenerator<Step> {
  const { needs, domain, own, located, target } = way
  const { clock, configFile, federation } = needs
  const about = `${target.host}:${target.port}`
  const step = (name: string) => ({ name, about, clock })
  using closing = new DisposableStack()

  const refusalOf = (address: string): string | undefined =>
    createPeerAddresses(federation.peerAddresses).refusalOf(domain, { address, port: target.port })
  const judge = judgePeerAddresses({ domain, configFile, refusalOf })
  const addresses = yield* take(step('addresses'), () => checkAddresses(located, target.host, judge))
  if (!addresses) return yield* notTried(after('addresses'), about)

  const timeoutMs = federation.connectTimeoutMs
  const tcpPlan = { ...target, addresses, timeoutMs, clock, refusalOf }
  const tcp = yield* take(step('tcp'), () => checkTcp(tcpPlan, closing))
  if (!tcp || !own) return yield* notTried(after('tcp'), about)

  const tlsPlan = { host: target.host, context: contextOf(own.material), timeoutMs }
  const handshake = yield* take(step('tls'), () => checkTls(tcp, tlsPlan))
  if (!handshake) return yield* notTried(after('tls'), about)
  closing.defer(() => handshake.socket.destroy())
  yield* checkCertificate(handshake, { ...way, own }, about)
  yield* checkAnswer(handshake.socket, { ...way, own }, closing)
}

type OwnWay = Way & { readonly own: OwnTls }

async function* checkCertificate(handshake: Handshake, way: OwnWay, about: string): AsyncGenerator<Step> {
  const { needs, domain, own, target } = way
  const { clock, configFile } = needs
  const mender = `the operator of ${domain}, at the ingress ${target.host}`
  const judged = { certificate: handshake.chain.leaf, mender }
  const purpose = judgePurpose(judged, 'serverAuth')
  const expiry = judgeExpiry(judged, clock.now())
  const anchorsAt = `${configFile}: federation.tls.caFile, or federation.tls.useSystemCa: true for public authorities`
  const judgements: Readonly<Record<string, () => Finding>> = {
    'certificate names': () => judgeNames(judged, { hosts: [target.host], need: 'all' }),
    'certificate purpose': () => purpose,
    'certificate expiry': () => expiry,
    'certificate chain': () =>
      verified(judgeChain(handshake.chain, { anchors: own.material.anchors, anchorsAt, mender }), {
        handshake,
        isExplained: [purpose, expiry].some(({ verdict }) => verdict === 'failed'),
        mender,
      }),
  }
  for (const [name, judge] of Object.entries(judgements)) {
    yield* take({ name, about, clock }, () => ({ finding: judge() }))
  }
}

interface Verification {
  readonly handshake: Pick<Handshake, 'isAuthorized' | 'verdict'>
  /** Something else than the chain is wrong, which the verifier refuses too. */
  readonly isExplained: boolean
  readonly mender: string
}

/** The verifier of TLS has the last word, because it is the one that the federator obeys. */
export const verified = (finding: Finding, { handshake, isExplained, mender }: Verification): Finding => {
  if (handshake.isAuthorized && finding.verdict === 'failed') return ok('TLS accepts it')
  if (handshake.isAuthorized || isExplained || finding.verdict === 'failed') return finding
  return failed(`TLS refuses it: ${handshake.verdict}`, {
    why: 'our federator reports federation-tls-error (525) for every call',
    change: `${mender}: every certificate of the chain, its dates and its purpose`,
    ...(finding.details && { details: finding.details }),
  })
}

async function* checkAnswer(socket: TLSSocket, way: OwnWay, closing: DisposableStack): AsyncGenerator<Step> {
  const { needs, target } = way
  const { clock, federation } = needs
  const about = `${target.host}:${target.port}`
  const http2Plan = { host: target.host, timeoutMs: federation.connectTimeoutMs }
  const session = yield* take({ name: 'http2', about, clock }, () => checkHttp2(socket, http2Plan, closing))
  if (!session) return yield* notTried(after('http2'), about)
  const sentAt = clock.now()
  const answer = yield* take({ name: 'api-version', about, clock }, () => checkApiVersion(session, questionOf(way)))
  if (!answer) return yield* notTried(after('api-version'), about)
  const exchange = { date: answer.date, sentAt, receivedAt: clock.now() }
  yield* take({ name: 'clock', about, clock }, () => ({ finding: judgeClock(exchange, way.domain) }))
}

const HTTPS_PORT = 443

const questionOf = ({ needs, domain, own, target }: OwnWay): ApiVersionPlan => ({
  peer: domain,
  own: needs.config.domain,
  ownHost: needs.config.infraDomain,
  ownPort: needs.config.listen.ingress.port || HTTPS_PORT,
  host: target.host,
  ownFaults: faultsOfClient(own, needs.clock.now()),
  random: needs.random,
  timeoutMs: needs.federation.headersTimeoutMs,
})
