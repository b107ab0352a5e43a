/** From the text of an access token to the caller it stands for. */
import { type KeyObject, verify } from 'node:crypto'
import type { Clock } from '#src/kit/clock.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { ACCESS_TOKEN_SECONDS, NEVER, parseToken } from '#src/rpc/access-token-format.ts'
import type { Caller } from '#src/rpc/context.ts'
import type { AccessKeys } from './access-keys.ts'
import { TOKENS_REMEMBERED_MAX } from './limits.ts'
import type { Revocations } from './revocations.ts'

export type TokenVerdict =
  | { readonly kind: 'caller'; readonly caller: Caller }
  /** Missing, malformed, forged or expired: which of them is nobody's business. */
  | { readonly kind: 'invalid' }
  /** Authentic, but made for something else. */
  | { readonly kind: 'other-class' }

export interface AccessTokens {
  check(text: string | undefined): Promise<TokenVerdict>
}

interface Checked {
  readonly verdict: TokenVerdict
  readonly keyIndex: number
  readonly key: KeyObject
  readonly expiresAt: number
}

const INVALID: TokenVerdict = { kind: 'invalid' }

interface Needs {
  readonly keys: AccessKeys
  readonly revocations: Revocations
  readonly clock: Clock
}

export const accessTokens = ({ keys, revocations, clock }: Needs): AccessTokens => {
  // A signature is checked once per token, not once per request. Only authentic tokens are remembered, so forged ones
  // cannot push others out.
  const remembered = boundedCache<string, Checked>({ max: TOKENS_REMEMBERED_MAX, clock })
  return {
    check: async (text) => {
      if (text === undefined) return INVALID
      const known = remembered.get(text)
      const checked = known ?? (await authenticate(text, keys))
      // Asked each time, which is a look-up: a key that brig took away must end the tokens it signed.
      if (!checked || (await keys.get(checked.keyIndex)) !== checked.key) return INVALID
      if (isExpired(checked, clock)) return INVALID
      if (!known) remembered.set(text, checked)
      const { verdict } = checked
      if (verdict.kind !== 'caller') return verdict
      return (await revocations.isRevoked(verdict.caller, issuedAt(checked))) ? INVALID : verdict
    },
  }
}

const authenticate = async (text: string, keys: AccessKeys): Promise<Checked | undefined> => {
  const token = parseToken(text)
  if (!token) return undefined
  const { claims, signature, signedText } = token
  const key = await keys.get(claims.keyIndex)
  if (!key || !verify(null, Buffer.from(signedText), key, signature)) return undefined
  const { user, client, keyIndex, expiresAt } = claims
  const verdict: TokenVerdict =
    claims.type === 'a'
      ? { kind: 'caller', caller: { user, client, connection: claims.connection } }
      : { kind: 'other-class' }
  return { verdict, keyIndex, key, expiresAt }
}

const isExpired = ({ expiresAt }: Checked, clock: Clock): boolean =>
  expiresAt !== NEVER && expiresAt * 1000 <= clock.now().getTime()

const issuedAt = ({ expiresAt }: Checked): number =>
  expiresAt === NEVER ? Number.NEGATIVE_INFINITY : (expiresAt - ACCESS_TOKEN_SECONDS) * 1000

const BEARER = /^Bearer +([^ ]+) *$/i

/** client-auth.md §7: the header; else the query, which is all that a browser's WebSocket can set. */
export const tokenOf = (authorization: string | undefined, query: unknown): string | undefined => {
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1]
  const first: unknown = Array.isArray(query) ? query[0] : query
  return typeof first === 'string' ? first : undefined
}
