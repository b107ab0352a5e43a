/**
 * Who a certificate speaks for.
 *
 * Names are compared by the platform's verifier, with DNS names of the Subject Alternative Name only (RFC 9525 §2):
 * a common name is never a host name here, and other types of names (URI, e-mail, address) never equal one. The
 * printed form of the names is not parsed: it has been ambiguous before (CVE-2021-44532). See
 * docs/decisions/certificate-names.md.
 *
 * Parsing costs tens of microseconds and comparing a few; a peer shows the same certificate for months. So both
 * are done once per certificate and remembered.
 */
import { X509Certificate } from 'node:crypto'
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { CERTIFICATE_HEADER_CHARACTERS_MAX, CERTIFICATES_CACHED_MAX, NAME_MATCHES_CACHED_MAX } from './limits.ts'

export interface PeerIdentity {
  readonly fingerprint: string
  /** A host name in lower case; one trailing dot is ignored here, but never in the certificate. */
  matches(host: string): boolean
  /** What the ingress tells a federator in another process (`X-SSL-Certificate`). */
  readonly header: string
}

export interface Identities {
  /** Undefined unless the text is one percent-encoded PEM block with a certificate in it. */
  fromHeader(text: string): PeerIdentity | undefined
  fromCertificate(certificate: X509Certificate): PeerIdentity
}

export const createIdentities = (clock: Clock, onLookup?: (use: 'hit' | 'miss') => void): Identities => {
  const byFingerprint = boundedCache<string, PeerIdentity>({ max: CERTIFICATES_CACHED_MAX, clock })
  const byHeader = boundedCache<string, PeerIdentity>({ max: CERTIFICATES_CACHED_MAX, clock })

  const fromCertificate = (certificate: X509Certificate): PeerIdentity => {
    const known = byFingerprint.get(certificate.fingerprint256)
    if (known) return known
    const identity = identityOf(certificate, clock)
    byFingerprint.set(certificate.fingerprint256, identity)
    return identity
  }

  return {
    fromCertificate,
    fromHeader: (text) => {
      const known = byHeader.get(text)
      onLookup?.(known ? 'hit' : 'miss')
      if (known) return known
      const certificate = parseHeader(text)
      if (!certificate) return undefined
      const identity = fromCertificate(certificate)
      byHeader.set(text, identity)
      return identity
    },
  }
}

const identityOf = (certificate: X509Certificate, clock: Clock): PeerIdentity => {
  const matched = boundedCache<string, boolean>({ max: NAME_MATCHES_CACHED_MAX, clock })
  let header: string | undefined
  return {
    fingerprint: certificate.fingerprint256,
    matches: (host) => {
      const known = matched.get(host)
      if (known !== undefined) return known
      const isMatch = certificateNames(certificate, host)
      matched.set(host, isMatch)
      return isMatch
    },
    get header() {
      header ??= encodeURIComponent(certificate.toString())
      return header
    },
  }
}

/** True when a DNS name of the certificate is this host; a wildcard is the whole left-most label or nothing. */
export const certificateNames = (certificate: X509Certificate, host: string): boolean => {
  const name = host.replace(/\.$/, '')
  // The verifier would take a leading dot as "any host below".
  if (name === '' || name.startsWith('.')) return false
  return certificate.checkHost(name, { subject: 'never', partialWildcards: false, wildcards: true }) !== undefined
}

const ONE_CERTIFICATE = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/

const parseHeader = (text: string): X509Certificate | undefined => {
  if (text.length > CERTIFICATE_HEADER_CHARACTERS_MAX) return undefined
  try {
    const pem = decodeURIComponent(text.replaceAll('+', ' '))
    return ONE_CERTIFICATE.test(pem) ? new X509Certificate(pem) : undefined
  } catch {
    // Not percent-encoded UTF-8, or no X.509 inside: the same answer as for no certificate at all.
    return undefined
  }
}
