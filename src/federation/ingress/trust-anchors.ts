/**
 * Trusted authorities that allow chains of a certain length and no longer. TLS in Node has no option for it, but
 * X.509 has: the path length of an authority (RFC 5280 §4.2.1.9), which the TLS library enforces while it verifies.
 * See docs/decisions/chain-length.md.
 */
import { X509Certificate } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  Version,
} from '@peculiar/asn1-x509'

/**
 * A copy of the authority in PEM below which at most `depth - 1` intermediates may stand. Depth 1 is a leaf signed
 * by the authority itself. The copy is good as a trust anchor and for nothing else: its signature no longer fits.
 */
export const anchorForDepth = (authority: X509Certificate, depth: number): string => {
  const certificate = AsnConvert.parse(authority.raw, Certificate)
  const extensions = certificate.tbsCertificate.extensions ?? []
  const present = extensions.find(({ extnID }) => extnID === id_ce_basicConstraints)
  const constraints = present
    ? AsnConvert.parse(present.extnValue.buffer, BasicConstraints)
    : new BasicConstraints({ cA: true })
  constraints.pathLenConstraint = Math.min(depth - 1, constraints.pathLenConstraint ?? Number.POSITIVE_INFINITY)
  certificate.tbsCertificate.extensions = new Extensions([
    ...extensions.filter((extension) => extension !== present),
    new Extension({
      extnID: id_ce_basicConstraints,
      critical: true,
      extnValue: new OctetString(AsnConvert.serialize(constraints)),
    }),
  ])
  // Extensions exist from version 3 on; very old authorities are of version 1.
  certificate.tbsCertificate.version = Version.v3
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString()
}
