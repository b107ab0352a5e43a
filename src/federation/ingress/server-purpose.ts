/**
 * The policy `clientCertificates: compat`: a client certificate that is certified for servers only is accepted if it
 * passes an independent verification as a server's certificate. See docs/decisions/client-certificate-purpose.md.
 *
 * Nothing here knows why the TLS library refused the certificate: that reason is the last of several and proves
 * nothing (hardening.md, first trap). Everything is judged anew, and what is not understood is refused. Rules are those
 * of RFC 5280 §6.1, without the parts that no federation certificate needs: chains out of order, name constraints,
 * policies. OpenSSL is asked for each signature and for who issued whom.
 */
import type { X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509'
import { RSA_KEY_BITS_MAX, RSA_KEY_BITS_MIN } from '../limits.ts'

export interface ServerChain {
  readonly leaf: X509Certificate
  /** What the other side sent after the leaf, in its order. */
  readonly intermediates: readonly X509Certificate[]
  readonly anchors: readonly X509Certificate[]
  /** 1: signed directly by an anchor; each step more allows one intermediate. */
  readonly depth: number
  readonly now: Date
}

export const verifiesAsServer = ({ leaf, intermediates, anchors, depth, now }: ServerChain): boolean => {
  if (!isSound(leaf, now) || !isServerLeaf(leaf)) return false
  let below = leaf
  for (let count = 0; count < depth; count++) {
    const place = { below, count, now }
    if (anchors.some((anchor) => isIssuer(anchor, place) && isSelfSigned(anchor))) return true
    const next = intermediates[count]
    if (!next || !isSound(next, now) || !isIssuer(next, place)) return false
    below = next
  }
  return false
}

interface Place {
  readonly below: X509Certificate
  /** Intermediates between this authority and the leaf. */
  readonly count: number
  readonly now: Date
}

const isIssuer = (authority: X509Certificate, { below, count, now }: Place): boolean => {
  // Names, key identifiers and the right to sign certificates first; signatures are what costs.
  if (!isWithinDates(authority, now) || !below.checkIssued(authority)) return false
  const parts = partsOf(authority)
  if (!parts || parts.constraints?.cA !== true || count > (parts.constraints.pathLenConstraint ?? Infinity))
    return false
  if (parts.keyUsage !== undefined && (parts.keyUsage & KeyUsageFlags.keyCertSign) === 0) return false
  // An authority that may issue for some purposes only must be allowed to issue for servers.
  if (parts.purposes && !parts.purposes.includes(id_kp_serverAuth)) return false
  return below.verify(authority.publicKey)
}

/** The TLS library wants chains to end in a certificate that signed itself; so do we. */
const isSelfSigned = (anchor: X509Certificate): boolean => anchor.checkIssued(anchor) && anchor.verify(anchor.publicKey)

const isServerLeaf = (leaf: X509Certificate): boolean => {
  const parts = partsOf(leaf)
  if (!parts || parts.constraints?.cA === true) return false
  if (parts.keyUsage !== undefined && (parts.keyUsage & KeyUsageFlags.digitalSignature) === 0) return false
  // One for clients as well was refused for another reason than its purpose.
  if (!parts.purposes?.includes(id_kp_serverAuth) || parts.purposes.includes(id_kp_clientAuth)) return false
  return parts.hasDnsName
}

/** What must be true of every certificate below an anchor. */
const isSound = (certificate: X509Certificate, now: Date): boolean =>
  isWithinDates(certificate, now) && hasStrongKey(certificate) && partsOf(certificate)?.hasStrongSignature === true

const isWithinDates = ({ validFromDate, validToDate }: X509Certificate, now: Date): boolean =>
  validFromDate <= now && now <= validToDate

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']

const hasStrongKey = ({ publicKey: { asymmetricKeyType, asymmetricKeyDetails } }: X509Certificate): boolean => {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0
  if (asymmetricKeyType === 'rsa') return bits >= RSA_KEY_BITS_MIN && bits <= RSA_KEY_BITS_MAX
  return asymmetricKeyType === 'ec' && CURVES.includes(asymmetricKeyDetails?.namedCurve ?? '')
}

/** SHA-256 or better with RSA (RFC 8017 appendix C) or ECDSA (RFC 5758 §3.2). */
const SIGNATURES = [
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
]

interface Parts {
  readonly constraints: BasicConstraints | undefined
  readonly keyUsage: number | undefined
  readonly purposes: readonly string[] | undefined
  readonly hasDnsName: boolean
  readonly hasStrongSignature: boolean
}

const UNDERSTOOD = [id_ce_basicConstraints, id_ce_keyUsage, id_ce_extKeyUsage, id_ce_subjectAltName]
const NAME_CONSTRAINTS = '2.5.29.30'

/** Undefined if there is something in it that has to be understood and is not, or that is there twice. */
const partsOf = (certificate: X509Certificate): Parts | undefined => {
  try {
    const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate)
    const extensions = tbsCertificate.extensions ?? []
    const byId = new Map(extensions.map((extension) => [extension.extnID, extension.extnValue.buffer]))
    if (byId.size !== extensions.length) return undefined
    // RFC 5280 §4.2: a critical extension that is not understood makes the certificate unusable.
    if (extensions.some(({ critical, extnID }) => critical && !UNDERSTOOD.includes(extnID))) return undefined
    if (byId.has(NAME_CONSTRAINTS)) return undefined
    const read = <T>(id: string, type: new () => T): T | undefined => {
      const value = byId.get(id)
      return value && AsnConvert.parse(value, type)
    }
    const signature = signatureAlgorithm.algorithm
    return {
      constraints: read(id_ce_basicConstraints, BasicConstraints),
      keyUsage: read(id_ce_keyUsage, KeyUsage)?.toNumber(),
      purposes: read(id_ce_extKeyUsage, ExtendedKeyUsage),
      hasDnsName:
        read(id_ce_subjectAltName, SubjectAlternativeName)?.some(({ dNSName }) => dNSName !== undefined) === true,
      hasStrongSignature: SIGNATURES.includes(signature) && tbsCertificate.signature.algorithm === signature,
    }
  } catch {
    // Not what X.509 says it should be: the same as not understood.
    return undefined
  }
}
