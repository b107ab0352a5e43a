/** Whether a key package is good for others to add a client with (rules.md §15.3). */
import type { Suite } from './cipher-suites.ts'
import { type ClientIdentity, identityOf } from './identity.ts'
import { type KeyPackage, MLS_10 } from './key-package.ts'
import { KEY_PACKAGE_LIFETIME_SECONDS_MAX } from './limits.ts'
import { isSignedBy } from './signatures.ts'

export type Flaw =
  | { readonly part: 'leaf-signature' }
  /** Anything else, in words. */
  | { readonly part: 'package'; readonly words: string }

/** What does not depend on time, nor on which key the client has registered; `undefined` when there is nothing. */
export const keyPackageFlaw = async (
  found: KeyPackage,
  owner: ClientIdentity,
  { scheme }: Suite,
): Promise<Flaw | undefined> => {
  const words = found.version === MLS_10 ? wrongCredential(found, owner) : 'it is not of MLS 1.0'
  if (words !== undefined) return flaw(words)
  const { leaf } = found
  // The leaf first: it lies within what the other one signs, so whatever breaks it breaks both.
  const leafSigned = { label: 'LeafNodeTBS', content: leaf.signed, signature: leaf.signature }
  if (!(await isSignedBy(scheme, leaf.signatureKey, leafSigned))) return { part: 'leaf-signature' }
  const signed = { label: 'KeyPackageTBS', content: found.signed, signature: found.signature }
  return (await isSignedBy(scheme, leaf.signatureKey, signed)) ? undefined : flaw('its signature is wrong')
}

/** Why it may not be used at this time. */
export const lifetimeFlaw = ({ leaf: { notBefore, notAfter } }: KeyPackage, now: Date): Flaw | undefined => {
  const seconds = BigInt(Math.floor(now.getTime() / 1000))
  if (notBefore > seconds) return flaw('its lifetime has not begun')
  if (notAfter <= seconds) return flaw('it has expired')
  return notAfter - seconds > BigInt(KEY_PACKAGE_LIFETIME_SECONDS_MAX) ? flaw('its lifetime is too long') : undefined
}

const flaw = (words: string): Flaw => ({ part: 'package', words })

const wrongCredential = ({ leaf }: KeyPackage, owner: ClientIdentity): string | undefined => {
  if (!leaf.credentials.includes(leaf.credential.type)) return 'it does not support its own credential'
  const named = identityOf(leaf.credential, leaf.signatureKey)
  const isOwners = named?.user === owner.user && named.client === owner.client && named.domain === owner.domain
  return isOwners ? undefined : 'its credential is of somebody else'
}
