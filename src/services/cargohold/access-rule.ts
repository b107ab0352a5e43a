/** Who may have the bytes of an asset (client-assets.md §3). */
import { hash, timingSafeEqual } from 'node:crypto'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import type { Random } from '#src/kit/random.ts'
import type { AssetRecord } from './store.ts'

const TOKEN_BYTES = 16

/** Only its hash is kept: who reads our database can open nothing with it. */
export const newToken = (random: Random): { readonly token: string; readonly tokenHash: Uint8Array } => {
  const bytes = Buffer.from(random.bytes(TOKEN_BYTES))
  // With the padding that the reference writes.
  const token = `${bytes.toString('base64url')}==`
  return { token, tokenHash: hashOf(token) }
}

const hashOf = (token: string): Uint8Array => hash('sha256', token.replace(/=+$/, ''), 'buffer')

export interface Asking {
  readonly user: QualifiedUserId
  readonly token: string | undefined
}

export const mayRead = (asset: AssetRecord, { owner }: { readonly owner: QualifiedUserId }, asking: Asking): boolean =>
  // By qualified id: a user of another backend may have the same id, and has chosen it himself.
  (asking.user.id === owner.id && asking.user.domain === owner.domain) ||
  asset.tokenHash === undefined ||
  (asking.token !== undefined && timingSafeEqual(hashOf(asking.token), asset.tokenHash))
