/**
 * A private certificate authority in a few lines, for the local world and for tests that need certificates
 * nobody would sell them: expired ones, ones for the wrong purpose, ones from an authority that merely bears
 * the same name. Keys are EC P-256 because the oldest peers we talk to accept nothing else of ECDSA
 * (federation-transport §8.1).
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { webcrypto } from 'node:crypto'
import { CERTIFICATE_BACKDATE_MS, CERTIFICATE_LIFETIME_MS } from './limits.ts'

export type Purpose = 'serverAuth' | 'clientAuth' | 'codeSigning'

/** What shall be certified. Everything left out gets the value a well-kept federator would have. */
export interface CertificateRequest {
  readonly dnsNames?: readonly string[]
  readonly otherNames?: readonly { readonly type: 'email' | 'ip' | 'url'; readonly value: string }[]
  /** Default: the first DNS name, cut to the 64 characters a common name may have (RFC 5280 appendix A.1). */
  readonly commonName?: string
  /** `'any'` leaves the extension out, which allows every purpose (RFC 5280 §4.2.1.12). Default: both. */
  readonly purposes?: readonly Purpose[] | 'any'
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly keyType?: 'ec' | 'rsa'
}

export interface Credential {
  /** The leaf alone. */
  readonly certificatePem: string
  /** The leaf, then every intermediate up to, but not including, the root: what a server or client presents. */
  readonly chainPem: string
  readonly keyPem: string
}

export interface Authority extends Credential {
  readonly name: string
  issue(request: CertificateRequest): Promise<Credential>
  /** An authority below this one; what it issues carries it in `chainPem`. */
  intermediate(name: string): Promise<Authority>
}

type CryptoKey = webcrypto.CryptoKey

interface Clock {
  now(): Date
}

/** A new root. Two roots of one name differ in nothing but their key: that is what an impostor would make. */
export async function createAuthority(name: string, clock: Clock): Promise<Authority> {
  const keys = await generateKeys('ec')
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await authorityParts({ name, publicKey: keys.publicKey, clock })),
    issuer: distinguishedName(name),
    signingKey: keys.privateKey,
    signingAlgorithm: SIGNATURE.ec,
    publicKey: keys.publicKey,
  })
  return authority({ certificate, above: [], isRoot: true, keys, clock })
}

/** An authority that was written to disk earlier. */
export async function restoreAuthority(pem: { certificate: string; key: string }, clock: Clock): Promise<Authority> {
  const certificate = new x509.X509Certificate(pem.certificate)
  const privateKey = await importPrivateKey(pem.key)
  const publicKey = await certificate.publicKey.export()
  return authority({ certificate, above: [], isRoot: true, keys: { privateKey, publicKey }, clock })
}

/** A leaf that vouches for itself. */
export async function selfSigned(request: CertificateRequest, clock: Clock): Promise<Credential> {
  const keys = await generateKeys(request.keyType ?? 'ec')
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await leafParts(request, keys.publicKey, clock)),
    issuer: distinguishedName(commonNameOf(request)),
    signingKey: keys.privateKey,
    signingAlgorithm: SIGNATURE[request.keyType ?? 'ec'],
    publicKey: keys.publicKey,
  })
  return credential(certificate, [], keys.privateKey)
}

interface Issuer {
  readonly certificate: x509.X509Certificate
  /** The intermediates between this one and the root. */
  readonly above: readonly x509.X509Certificate[]
  readonly isRoot: boolean
  readonly keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }
  readonly clock: Clock
}

async function authority(issuer: Issuer): Promise<Authority> {
  const { certificate, above, isRoot, keys, clock } = issuer
  const own = await credential(certificate, above, keys.privateKey)
  const name = certificate.subjectName.getField('CN')[0] ?? ''
  const path = isRoot ? [] : [certificate, ...above]

  return {
    ...own,
    name,
    async issue(request) {
      const leafKeys = await generateKeys(request.keyType ?? 'ec')
      const leaf = await signedBy(issuer, leafKeys.publicKey, await leafParts(request, leafKeys.publicKey, clock))
      return credential(leaf, path, leafKeys.privateKey)
    },
    async intermediate(childName) {
      const childKeys = await generateKeys('ec')
      const parts = await authorityParts({ name: childName, publicKey: childKeys.publicKey, clock })
      const child = await signedBy(issuer, childKeys.publicKey, parts)
      return authority({ certificate: child, above: path, isRoot: false, keys: childKeys, clock })
    },
  }
}

type Parts = Pick<x509.X509CertificateCreateWithKeyParams, 'serialNumber' | 'subject' | 'notBefore' | 'notAfter'> & {
  extensions: x509.Extension[]
}

async function signedBy(issuer: Issuer, publicKey: CryptoKey, parts: Parts): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    ...parts,
    extensions: [...parts.extensions, await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey)],
    issuer: issuer.certificate.subjectName,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: SIGNATURE.ec,
    publicKey,
  })
}

async function authorityParts(of: { name: string; publicKey: CryptoKey; clock: Clock }): Promise<Parts> {
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
  return {
    ...lifetime({}, of.clock, 10 * CERTIFICATE_LIFETIME_MS),
    serialNumber: serialNumber(),
    subject: distinguishedName(of.name),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(usages, true),
      await x509.SubjectKeyIdentifierExtension.create(of.publicKey),
    ],
  }
}

async function leafParts(request: CertificateRequest, publicKey: CryptoKey, clock: Clock): Promise<Parts> {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.otherNames ?? []),
  ]
  const purposes = request.purposes ?? ['serverAuth', 'clientAuth']
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(
      request.keyType === 'rsa' ? digitalSignature | keyEncipherment : digitalSignature,
      true,
    ),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ]
  if (purposes !== 'any')
    extensions.push(new x509.ExtendedKeyUsageExtension(purposes.map((purpose) => x509.ExtendedKeyUsage[purpose])))
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names))
  return {
    ...lifetime(request, clock, CERTIFICATE_LIFETIME_MS),
    serialNumber: serialNumber(),
    subject: distinguishedName(commonNameOf(request)),
    extensions,
  }
}

function lifetime(request: CertificateRequest, clock: Clock, lifetimeMs: number) {
  const now = clock.now().getTime()
  return {
    notBefore: request.notBefore ?? new Date(now - CERTIFICATE_BACKDATE_MS),
    notAfter: request.notAfter ?? new Date(now + lifetimeMs),
  }
}

function commonNameOf(request: CertificateRequest): string {
  return request.commonName ?? request.dnsNames?.[0]?.slice(0, 64) ?? 'unnamed'
}

function distinguishedName(commonName: string): x509.Name {
  return new x509.Name([{ CN: [commonName] }])
}

/** RFC 5280 §4.1.2.2: positive and unique per issuer; a leading 01 keeps the number positive in DER. */
function serialNumber(): string {
  return `01${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString('hex')}`
}

const SIGNATURE = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 },
} as const

async function generateKeys(type: 'ec' | 'rsa'): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = type === 'ec' ? SIGNATURE.ec : SIGNATURE.rsa
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  if (!('privateKey' in keys)) throw new Error('expected a key pair')
  return keys
}

async function importPrivateKey(pem: string): Promise<CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem)
  return crypto.subtle.importKey('pkcs8', der, SIGNATURE.ec, true, ['sign'])
}

async function credential(
  certificate: x509.X509Certificate,
  intermediates: readonly x509.X509Certificate[],
  privateKey: CryptoKey,
): Promise<Credential> {
  const key = await crypto.subtle.exportKey('pkcs8', privateKey)
  const certificatePem = `${certificate.toString('pem')}\n`
  return {
    certificatePem,
    chainPem: certificatePem + intermediates.map((each) => `${each.toString('pem')}\n`).join(''),
    keyPem: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  }
}
