/**
 * Verifying MLS signatures and computing references (RFC 9420 §5.1.2, §5.2) with Node's own cryptography, which does
 * the slow part outside the event loop. The implementation that comes with `ts-mls` needs a further library for
 * everything but Ed25519.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { SignatureScheme } from '#src/contract/vocabulary.ts'
import { encode } from 'ts-mls/codec/tlsEncoder.js'
import { varLenDataEncoder } from 'ts-mls/codec/variableLength.js'
import type { Suite } from './cipher-suites.ts'

const verifyElsewhere = promisify<string | null, Uint8Array, KeyObject, Uint8Array, boolean>(verify)

export interface Signed {
  readonly label: string
  readonly content: Uint8Array
  readonly signature: Uint8Array
}

/** False also when the key is no key of the scheme. */
export const isSignedBy = async (
  scheme: SignatureScheme,
  publicKey: Uint8Array,
  { label, content, signature }: Signed,
): Promise<boolean> => {
  const key = keyOf(scheme, publicKey)
  if (!key) return false
  return verifyElsewhere(SCHEMES[scheme].hash, labelled(`MLS 1.0 ${label}`, content), key, signature)
}

export const keyPackageReference = ({ hash }: Suite, keyPackage: Uint8Array): Buffer =>
  createHash(hash).update(labelled('MLS 1.0 KeyPackage Reference', keyPackage)).digest()

/** Label and content as two vectors, so that one can never be taken for part of the other. */
const labelled = (label: string, content: Uint8Array): Buffer =>
  Buffer.concat([encodeVector(Buffer.from(label)), encodeVector(content)])

const encodeVector = encode(varLenDataEncoder)

interface Scheme {
  readonly hash: string | null
  readonly curve: string
  /** Of one coordinate, or of the whole key. */
  readonly bytes: number
}

const SCHEMES: Readonly<Record<SignatureScheme, Scheme>> = {
  ed25519: { hash: null, curve: 'Ed25519', bytes: 32 },
  ecdsa_secp256r1_sha256: { hash: 'sha256', curve: 'P-256', bytes: 32 },
  ecdsa_secp384r1_sha384: { hash: 'sha384', curve: 'P-384', bytes: 48 },
  ecdsa_secp521r1_sha512: { hash: 'sha512', curve: 'P-521', bytes: 66 },
}

const keyOf = (scheme: SignatureScheme, publicKey: Uint8Array): KeyObject | undefined => {
  const { curve, bytes } = SCHEMES[scheme]
  const jwk = scheme === 'ed25519' ? edwardsKey(publicKey, bytes) : curveKey(publicKey, { curve, bytes })
  if (!jwk) return undefined
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    // Of the right length, but no point of the curve.
    return undefined
  }
}

const edwardsKey = (key: Uint8Array, bytes: number) =>
  key.length === bytes ? { kty: 'OKP', crv: 'Ed25519', x: base64url(key) } : undefined

/** SEC 1 §2.3.3, uncompressed: 4, then both coordinates. */
const curveKey = (key: Uint8Array, { curve, bytes }: Pick<Scheme, 'curve' | 'bytes'>) =>
  key.length === 1 + 2 * bytes && key[0] === 4
    ? { kty: 'EC', crv: curve, x: base64url(key.subarray(1, 1 + bytes)), y: base64url(key.subarray(1 + bytes)) }
    : undefined

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
