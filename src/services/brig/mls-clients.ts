/** Devices as other backends see them when they build MLS groups (federation-api.md §6.6). */
import type { ClientInfo } from '#src/contract/federation/users.ts'
import type { SignatureScheme } from '#src/contract/vocabulary.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { StoredDevice } from './store-devices.ts'

/** By number of the cipher suite, RFC 9420 §17.1; the last is the draft with Kyber. */
const SCHEMES: Readonly<Record<number, SignatureScheme>> = {
  1: 'ed25519',
  2: 'ecdsa_secp256r1_sha256',
  5: 'ecdsa_secp521r1_sha512',
  7: 'ecdsa_secp384r1_sha384',
  0xf031: 'ed25519',
}

export const schemeOf = (suite: number): SignatureScheme => {
  const scheme = SCHEMES[suite]
  if (scheme === undefined) throw new Refusal(400, 'mls-protocol-error', { detail: 'unknown cipher suite' })
  return scheme
}

/** Nobody has key packages while MLS is off, so nobody can be added to a group. */
export const mlsInfo = ({ id, mls_public_keys: keys }: StoredDevice, scheme: SignatureScheme): ClientInfo => {
  const key = keys[scheme]
  return { id, mls: false, ...(key !== undefined && { mls_signature_key: key }) }
}
