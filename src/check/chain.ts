/**
 * Why a certificate is not trusted. Whether it is, the verifier of TLS says; but of several reasons it keeps only the
 * last one, so the reason is looked for here: from the leaf, signature by signature, to one of the authorities.
 */
import type { X509Certificate } from 'node:crypto'
import { CHAIN_CERTIFICATES_MAX } from './limits.ts'

export interface Chain {
  readonly leaf: X509Certificate
  /** What was shown beside it, in any order. */
  readonly above: readonly X509Certificate[]
}

export type ChainEnd =
  | 'trusted'
  /** Its own issuer, and not among the authorities. */
  | 'self-signed'
  /** An authority of the issuer's name is trusted, but another key has signed. */
  | 'other-key'
  /** Nothing that was shown or is trusted has signed the last one. */
  | 'issuer-missing'

export interface ChainPath {
  readonly end: ChainEnd
  /** From the leaf to the authority, or to where it ends. */
  readonly path: readonly X509Certificate[]
}

export const pathOf = ({ leaf, above }: Chain, anchors: readonly X509Certificate[]): ChainPath => {
  const path = [leaf]
  let last = leaf
  while (path.length <= CHAIN_CERTIFICATES_MAX) {
    if (anchors.some(({ fingerprint256 }) => fingerprint256 === last.fingerprint256)) return { end: 'trusted', path }
    const child = last
    const issuer = anchors.find((anchor) => hasIssued(anchor, child))
    if (issuer) return { end: 'trusted', path: [...path, issuer] }
    if (isSelfSigned(child)) return { end: 'self-signed', path }
    const next = above.find((candidate) => !path.includes(candidate) && hasIssued(candidate, child))
    if (!next) return { end: isImpersonated(anchors, child) ? 'other-key' : 'issuer-missing', path }
    path.push(next)
    last = next
  }
  return { end: 'issuer-missing', path }
}

const hasIssued = (issuer: X509Certificate, child: X509Certificate): boolean =>
  child.checkIssued(issuer) && child.verify(issuer.publicKey)

// A leaf that vouches for itself is seldom one that may issue certificates, so `checkIssued` would say no.
const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)

const isImpersonated = (anchors: readonly X509Certificate[], child: X509Certificate): boolean =>
  anchors.some(({ subject }) => subject === child.issuer)
