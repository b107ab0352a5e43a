/**
 * Signing and checking tokens. brig alone has the private keys; the gateway checks access tokens by the public ones.
 * The newest key signs, all of them check, so that adding a key ends no session. A new one signs only when everybody who
 * checks has had the time to hear of it: until then its tokens would be taken for forged.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import type { Clock } from '#src/kit/clock.ts'
import {
  type AccessClaims,
  formatClaims,
  joinToken,
  parseToken,
  type TokenClaims,
  type UserClaims,
} from '#src/rpc/access-token-format.ts'
import { KEY_ADOPTION_SECONDS } from './limits.ts'
import { plusSeconds } from './session-rules.ts'

export interface StoredKey {
  /** From 1. */
  readonly index: number
  /** PKCS #8, DER. */
  readonly privateKey: Uint8Array
  readonly createdAt: Date
}

export interface PublicKey {
  readonly index: number
  /** Raw, Base64. */
  readonly publicKey: string
}

type Unsigned<C> = Omit<C, 'keyIndex'>

export interface TokenKeys {
  sign(claims: Unsigned<AccessClaims> | Unsigned<UserClaims>): string
  /** The claims of a token that we signed, whether expired or not. */
  authentic(text: string): TokenClaims | undefined
  readonly publicKeys: readonly PublicKey[]
}

export const newPrivateKey = (): Uint8Array =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' })

/** RFC 8410 §4: the last 32 bytes of a public key's DER are the key itself. */
export const rawPublicKey = (privateKey: Uint8Array): string =>
  createPublicKey(keyOf(privateKey)).export({ type: 'spki', format: 'der' }).subarray(-RAW_KEY_BYTES).toString('base64')

const RAW_KEY_BYTES = 32

const keyOf = (privateKey: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(privateKey), type: 'pkcs8', format: 'der' })

export const tokenKeys = (stored: readonly StoredKey[], clock: Clock): TokenKeys => {
  const keys = new Map(stored.map(({ index, privateKey }) => [index, keyOf(privateKey)]))
  const publicKeys = new Map([...keys].map(([index, key]) => [index, createPublicKey(key)]))
  const newestFirst = stored.toSorted((a, b) => b.index - a.index)
  const signingIndex = (): number => {
    const heardOf = plusSeconds(clock.now(), -KEY_ADOPTION_SECONDS)
    // At the first start there is only one, and nobody who has not heard of it.
    const key = newestFirst.find(({ createdAt }) => createdAt <= heardOf) ?? newestFirst.at(-1)
    if (!key) throw new Error('there is no key to sign tokens with')
    return key.index
  }
  const privateKeyAt = (index: number): KeyObject => {
    const key = keys.get(index)
    if (!key) throw new Error(`there is no key ${index}`)
    return key
  }
  return {
    sign: (claims) => {
      const keyIndex = signingIndex()
      const signedText = formatClaims({ ...claims, keyIndex })
      return joinToken(sign(null, Buffer.from(signedText), privateKeyAt(keyIndex)), signedText)
    },
    authentic: (text) => {
      const parsed = parseToken(text)
      const key = parsed && publicKeys.get(parsed.claims.keyIndex)
      if (!parsed || !key) return undefined
      return verify(null, Buffer.from(parsed.signedText), key, parsed.signature) ? parsed.claims : undefined
    },
    publicKeys: stored.map(({ index, privateKey }) => ({ index, publicKey: rawPublicKey(privateKey) })),
  }
}
