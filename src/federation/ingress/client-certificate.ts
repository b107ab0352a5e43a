/**
 * Whether the other end of a connection has proved who it is. Decided once per connection.
 *
 * The platform's verifier decides about signatures, dates and purpose, and its verdict is one bit. The reason it
 * gives for a refusal is never looked at: it keeps only the last of several, so that "wrong purpose" is also what
 * an untrusted chain may be called, and accepting that reason would accept everybody.
 */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

export const verifiedCertificate = (
  socket: TLSSocket,
  anchors: readonly X509Certificate[],
  depth: number,
): X509Certificate | undefined => {
  if (!socket.authorized) return undefined
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return undefined
  return isWithinDepth(certificate, anchors, depth) ? certificate : undefined
}

/**
 * Depth 1 is a leaf signed directly by a trusted authority, each step more allows one intermediate (§9). The
 * platform has no such option, so the chain is walked again: it only narrows what the verifier has accepted.
 */
const isWithinDepth = (certificate: X509Certificate, anchors: readonly X509Certificate[], depth: number): boolean => {
  let current: X509Certificate | undefined = certificate
  for (let level = 1; current && level <= depth; level++) {
    const subject: X509Certificate = current
    if (anchors.some((anchor) => isIssuedBy(subject, anchor))) return true
    current = subject.issuerCertificate
  }
  return false
}

const isIssuedBy = (subject: X509Certificate, issuer: X509Certificate): boolean =>
  subject.checkIssued(issuer) && subject.verify(issuer.publicKey)
