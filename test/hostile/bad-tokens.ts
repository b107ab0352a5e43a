/** Tokens that open nothing (client-auth.md §6, §7). */
import { generateKeyPairSync } from 'node:crypto'
import { UserId } from '#src/contract/ids.ts'
import { systemClock } from '#src/kit/clock.ts'
import { type TokenKeys, tokenKeys } from '#src/services/brig/token-keys.ts'
import type { Expected } from './client-answers.ts'

export interface BadToken extends Expected {
  readonly what: string
  readonly headers?: { readonly authorization: string }
  /** As `access_token`. */
  readonly query?: string
}

export interface Stolen {
  readonly user: UserId
  /** An access token that is good. */
  readonly token: string
  /** The value of a `zuid` cookie that is good. */
  readonly cookie: string
  /** The backend's own. */
  readonly keys: TokenKeys
}

export const badTokens = ({ user, token, cookie, keys }: Stolen): readonly BadToken[] => {
  const invalid = (what: string, authorization: string): BadToken => ({ what, status: 401, headers: { authorization } })
  const soon = unixSeconds() + 600
  const forged = otherKeys().sign({ type: 'a', expiresAt: soon, ...owner(user), connection: '1' })
  const expired = keys.sign({ type: 'a', expiresAt: unixSeconds() - 1, ...owner(user), connection: '1' })
  const [signature, rest] = splitOnce(token)
  return [
    { what: 'no token', status: 401 },
    invalid('an empty token', 'Bearer '),
    invalid('a text that is no token', 'Bearer aaaaaaaa'),
    invalid('a token in another scheme', `Basic ${token}`),
    invalid('a token without scheme', token),
    invalid('two tokens', `Bearer ${token} ${token}`),
    invalid('a token signed by somebody else', `Bearer ${forged}`),
    invalid('a token that never expires, signed by somebody else', `Bearer ${forged.replace(/d=\d+/, 'd=-1')}`),
    invalid('a flipped bit in the signature', `Bearer ${flipped(signature)}.${rest}`),
    invalid('another expiry under the signature', `Bearer ${token.replace(/d=\d+/, `d=${soon + 1}`)}`),
    invalid('another user under the signature', `Bearer ${token.replace(user, user.replace(/.$/, lastDigit))}`),
    invalid('a key that does not exist', `Bearer ${token.replace(/k=\d+/, 'k=2')}`),
    invalid('no signature', `Bearer .${rest}`),
    invalid('a token with a tail', `Bearer ${token}.`),
    invalid('a token too long', `Bearer ${token}${'0'.repeat(2_000)}`),
    invalid('an expired token', `Bearer ${expired}`),
    { what: 'an expired token in the query', status: 401, query: expired },
    { what: 'a forged token in the query', status: 401, query: forged },
    { ...invalid('a bad token beside a good one in the query', 'Bearer aaaaaaaa'), query: token },
    { what: 'a cookie as token', status: 403, label: 'access-denied', headers: { authorization: `Bearer ${cookie}` } },
    { what: 'a cookie as token in the query', status: 403, label: 'access-denied', query: cookie },
  ]
}

const owner = (user: UserId) => ({ tag: '', user, client: undefined }) as const

const unixSeconds = (): number => Math.floor(systemClock.now().getTime() / 1000)

const otherKeys = (): TokenKeys => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = { index: 1, privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }), createdAt: new Date(0) }
  return tokenKeys([key], systemClock)
}

const splitOnce = (token: string): [string, string] => {
  const dot = token.indexOf('.')
  return [token.slice(0, dot), token.slice(dot + 1)]
}

const flipped = (signature: string): string => {
  const bytes = Buffer.from(signature, 'base64url')
  bytes[10] = (bytes[10] ?? 0) ^ 1
  return `${bytes.toString('base64url')}==`
}

const lastDigit = (digit: string): string => (digit === '0' ? '1' : '0')

/** Signed by the backend, for somebody whom it does not know (any more). */
export const tokenOfNobody = (keys: TokenKeys): string =>
  keys.sign({
    type: 'a',
    expiresAt: unixSeconds() + 600,
    ...owner(UserId.parse('00000000-0000-4000-8000-000000000bad')),
    connection: '1',
  })
