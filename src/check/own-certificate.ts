/** One of our own certificates as a peer will judge it, from the file. */
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '#src/kit/clock.ts'
import { judgeExpiry, judgeNames, judgePurpose, type Purpose } from './certificate.ts'
import { judgeOwnChain } from './own-chain.ts'
import type { OwnTls } from './own-tls.ts'
import { type Step, take } from './step.ts'

export interface OwnCertificate {
  readonly own: OwnTls
  /** Shown to whoever connects to us, or to whom we connect to. */
  readonly side: 'ingress' | 'client'
  /** The targets of our SRV record. */
  readonly hosts: readonly string[]
  readonly configured: readonly X509Certificate[]
  readonly configFile: string
  readonly clock: Clock
}

const SIDES = {
  ingress: { key: 'federation.ingress.certificateFile', purpose: 'serverAuth', need: 'all' },
  client: { key: 'federation.tls.certificateFile', purpose: 'clientAuth', need: 'any' },
} as const satisfies Readonly<
  Record<OwnCertificate['side'], { readonly key: string; readonly purpose: Purpose; readonly need: 'all' | 'any' }>
>

const ASPECTS = ['names', 'purpose', 'expiry', 'chain'] as const

export const certificateSteps = (side: OwnCertificate['side']): readonly string[] =>
  ASPECTS.map((aspect) => `${side} ${aspect}`)

export async function* checkOwnCertificate(certificate: OwnCertificate): AsyncGenerator<Step> {
  const { own, side, hosts, configured, configFile, clock } = certificate
  const { key, purpose, need } = SIDES[side]
  const judged = { certificate: own.chain.leaf, mender: `${configFile}: ${key}` }
  const judge = {
    names: () => judgeNames(judged, { hosts, need }),
    purpose: () => judgePurpose(judged, purpose),
    expiry: () => judgeExpiry(judged, clock.now()),
    chain: () => judgeOwnChain(own.chain, { configured, key: judged.mender, isForClient: side === 'client' }),
  }
  for (const aspect of ASPECTS) {
    yield* take({ name: `${side} ${aspect}`, clock }, () => ({ finding: judge[aspect]() }))
  }
}
