/**
 * For tests: key packages as clients make them, written by `ts-mls` and signed by Node, with one thing changed where a
 * test wants it.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { CiphersuiteName } from 'ts-mls'
import type { Credential } from 'ts-mls/credential.js'
import type { CredentialTypeName } from 'ts-mls/credentialType.js'
import type { Signature } from 'ts-mls/crypto/signature.js'
import { encodeKeyPackage, type KeyPackage, signKeyPackage } from 'ts-mls/keyPackage.js'
import { type LeafNodeKeyPackage, signLeafNodeKeyPackage } from 'ts-mls/leafNode.js'
import type { SignatureScheme } from '#src/contract/vocabulary.ts'
import { suiteOf } from './cipher-suites.ts'

/** A signature key as a device holds it. */
export interface DeviceKey {
  readonly scheme: SignatureScheme
  /** Base64, as it is registered. */
  readonly publicKey: string
  readonly privateKey: KeyObject
}

const CURVES = {
  ecdsa_secp256r1_sha256: ['P-256', 'sha256'],
  ecdsa_secp384r1_sha384: ['P-384', 'sha384'],
  ecdsa_secp521r1_sha512: ['P-521', 'sha512'],
} as const

export const newDeviceKey = (scheme: SignatureScheme = 'ed25519'): DeviceKey => {
  const { privateKey, publicKey } =
    scheme === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: CURVES[scheme][0] })
  return { scheme, publicKey: rawKey(publicKey).toString('base64'), privateKey }
}

const rawKey = (key: KeyObject): Buffer => {
  const { x = '', y } = key.export({ format: 'jwk' })
  const first = Buffer.from(x, 'base64url')
  return y === undefined ? first : Buffer.concat([Buffer.of(4), first, Buffer.from(y, 'base64url')])
}

const signatures = (scheme: SignatureScheme): Signature => ({
  sign: async (key, message) => {
    const hash = scheme === 'ed25519' ? null : CURVES[scheme][1]
    return sign(hash, message, createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }))
  },
  verify: async () => Promise.reject(new Error('verifying is what is being tested')),
  keygen: async () => Promise.reject(new Error('keys are made elsewhere')),
})

export interface KeyPackageWish {
  /** `user:client@domain` in a basic credential, or a whole other one. */
  readonly identity: string | Credential
  readonly key: DeviceKey
  readonly suite?: number
  /** In seconds since 1970. */
  readonly lifetime?: { readonly notBefore: number; readonly notAfter: number }
  readonly credentials?: CredentialTypeName[]
  /** Changes the leaf before it is signed, after that, and the package before and after it is signed. */
  readonly leaf?: (leaf: Omit<LeafNodeKeyPackage, 'signature'>) => Omit<LeafNodeKeyPackage, 'signature'>
  readonly signedLeaf?: (leaf: LeafNodeKeyPackage) => LeafNodeKeyPackage
  readonly signedPackage?: (keyPackage: KeyPackage) => KeyPackage
}

/** The beginning of the test clock's year, and ninety days. */
const ABOUT_NOW = { notBefore: Date.UTC(2026, 0, 1) / 1000 - 3600, notAfter: Date.UTC(2026, 3, 1) / 1000 }

export const makeKeyPackage = async (wish: KeyPackageWish): Promise<string> => {
  const { key, suite = 1, leaf = same, signedLeaf = same, signedPackage = same } = wish
  const signKey = key.privateKey.export({ format: 'der', type: 'pkcs8' })
  const signature = signatures(key.scheme)
  const leafNode = signedLeaf(await signLeafNodeKeyPackage(leaf(plainLeaf(wish)), signKey, signature))
  const initKey = randomBytes(32)
  // The name stands for the number; numbers without a name are written as such.
  const cipherSuite = String(suite) as CiphersuiteName
  const tbs = { version: 'mls10', cipherSuite, initKey, leafNode, extensions: [] } as const
  const made = signedPackage(await signKeyPackage({ ...tbs, extensions: [] }, signKey, signature))
  return Buffer.from(encodeKeyPackage(made)).toString('base64')
}

const same = <T>(value: T): T => value

const plainLeaf = ({
  identity,
  key,
  lifetime: { notBefore, notAfter } = ABOUT_NOW,
  credentials = ['basic', 'x509'],
}: KeyPackageWish): Omit<LeafNodeKeyPackage, 'signature'> => ({
  hpkePublicKey: randomBytes(32),
  signaturePublicKey: Buffer.from(key.publicKey, 'base64'),
  credential: typeof identity === 'string' ? { credentialType: 'basic', identity: Buffer.from(identity) } : identity,
  capabilities: { versions: ['mls10'], ciphersuites: [], extensions: [], proposals: [], credentials },
  leafNodeSource: 'key_package',
  lifetime: { notBefore: BigInt(notBefore), notAfter: BigInt(notAfter) },
  extensions: [],
})

/** With one bit of its last byte turned. */
export const broken = (bytes: Uint8Array): Uint8Array => {
  const changed = Uint8Array.from(bytes)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  return changed
}

/** The scheme of a suite that is used here. */
export const schemeOf = (suite: number): SignatureScheme => {
  const found = suiteOf(suite)
  if (!found) throw new Error(`suite ${suite} is not used here`)
  return found.scheme
}
