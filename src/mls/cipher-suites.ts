/** The MLS cipher suites that clients may use here, as far as a server has to know them (RFC 9420 §5.1, §17.1). */
import type { SignatureScheme } from '#src/contract/vocabulary.ts'

export interface Suite {
  readonly number: number
  readonly scheme: SignatureScheme
  /** Of references to key packages and proposals. */
  readonly hash: 'sha256' | 'sha384' | 'sha512'
}

/** The last is the draft with X25519 and Kyber; to us it differs from the first in its number only. */
const SUITES: readonly Suite[] = [
  { number: 0x0001, scheme: 'ed25519', hash: 'sha256' },
  { number: 0x0002, scheme: 'ecdsa_secp256r1_sha256', hash: 'sha256' },
  { number: 0x0005, scheme: 'ecdsa_secp521r1_sha512', hash: 'sha512' },
  { number: 0x0007, scheme: 'ecdsa_secp384r1_sha384', hash: 'sha384' },
  { number: 0xf031, scheme: 'ed25519', hash: 'sha256' },
]

/** `undefined` for suites that are not used here. */
export const suiteOf = (number: number): Suite | undefined => SUITES.find((suite) => suite.number === number)
