// The text of tokens and cookies: `<signature>.v=1.k=<key>.d=<expiry>.t=<type>.l=<tag>.<body>` (client-auth §6).
// Clients treat it as opaque, but `loginWithToken` of the stock client reads `v` and `u` out of it, so we keep the
// dotted form instead of a standard one. It contains no `%`, `;`, `,` or space, which cookies and
// `decodeURIComponent` in clients demand. This file only reads and writes the text: brig signs, the gateway verifies.

import { ClientId, UserId } from '#src/contract/ids.ts'

/** `expiresAt` of a token that never expires. */
export const NEVER = -1

/** How long an access token is good (client-auth.md §6); so its expiry also tells when it was handed out. */
export const ACCESS_TOKEN_SECONDS = 900

export const TOKEN_LENGTH_MAX = 1_024
const CONNECTION_MAX = 2n ** 64n - 1n
const COOKIE_ID_MAX = 2 ** 32 - 1
const KEY_INDEX_MAX = 1_000_000
const SIGNATURE_BYTES = 64

interface CommonClaims {
  /** 1-based index into brig's list of public keys. */
  readonly keyIndex: number
  /** Unix seconds, or `NEVER`. */
  readonly expiresAt: number
  /** `s` on what descends from a session cookie. */
  readonly tag: '' | 's'
  readonly user: UserId
  readonly client: ClientId | undefined
}

/** What a client shows on each request. */
export interface AccessClaims extends CommonClaims {
  readonly type: 'a'
  /** uint64 in decimal: names the token's websocket, so that an event is not echoed to its cause. */
  readonly connection: string
}

/** What the `zuid` cookie holds. */
export interface UserClaims extends CommonClaims {
  readonly type: 'u'
  /** uint32, the number under which the session is stored. */
  readonly cookieId: number
}

export type TokenClaims = AccessClaims | UserClaims

export interface ParsedToken {
  readonly claims: TokenClaims
  /** Exactly the bytes that the signature covers: everything after the first dot. */
  readonly signedText: string
  readonly signature: Uint8Array
}

/** The part that is signed; `joinToken` puts the signature in front. */
export function formatClaims(claims: TokenClaims): string {
  const client = claims.client === undefined ? '' : `.i=${claims.client}`
  const body =
    claims.type === 'a'
      ? `u=${claims.user}${client}.c=${claims.connection}`
      : `u=${claims.user}.r=${claims.cookieId.toString(16).padStart(8, '0')}${client}`
  return `v=1.k=${claims.keyIndex}.d=${claims.expiresAt}.t=${claims.type}.l=${claims.tag}.${body}`
}

export function joinToken(signature: Uint8Array, signedText: string): string {
  return `${toPaddedBase64Url(signature)}.${signedText}`
}

/** Reads a token without judging it: neither the signature nor the expiry is checked here. */
export function parseToken(text: string): ParsedToken | undefined {
  const dot = text.indexOf('.')
  if (text.length > TOKEN_LENGTH_MAX || dot < 0) return undefined
  const signature = fromPaddedBase64Url(text.slice(0, dot))
  const signedText = text.slice(dot + 1)
  const claims = parseClaims(signedText)
  if (signature === undefined || claims === undefined) return undefined
  return { claims, signedText, signature }
}

const COMMON = /^v=1\.k=([1-9][0-9]{0,6})\.d=(-1|[0-9]{1,12})\.t=(a|u)\.l=(s?)\.(.*)$/
const ACCESS_BODY = /^u=([^.]+)(?:\.i=([^.]+))?\.c=([0-9]{1,20})$/
const USER_BODY = /^u=([^.]+)\.r=([0-9a-f]{8})(?:\.i=([^.]+))?$/

function parseClaims(signedText: string): TokenClaims | undefined {
  const [, key, expiry, type, tag, body] = COMMON.exec(signedText) ?? []
  if (key === undefined || expiry === undefined || body === undefined) return undefined
  const keyIndex = Number(key)
  if (keyIndex > KEY_INDEX_MAX) return undefined
  const common = { keyIndex, expiresAt: Number(expiry), tag: tag === 's' ? 's' : '' } as const
  return type === 'a' ? parseAccessBody(body, common) : parseUserBody(body, common)
}

type Prefix = Pick<CommonClaims, 'keyIndex' | 'expiresAt' | 'tag'>

function parseAccessBody(body: string, common: Prefix): AccessClaims | undefined {
  const [, user, client, connection] = ACCESS_BODY.exec(body) ?? []
  const owner = parseOwner(user, client)
  if (owner === undefined || connection === undefined || BigInt(connection) > CONNECTION_MAX) return undefined
  return { type: 'a', ...common, ...owner, connection }
}

function parseUserBody(body: string, common: Prefix): UserClaims | undefined {
  const [, user, cookie, client] = USER_BODY.exec(body) ?? []
  const owner = parseOwner(user, client)
  if (owner === undefined || cookie === undefined) return undefined
  const cookieId = Number.parseInt(cookie, 16)
  return cookieId > COOKIE_ID_MAX ? undefined : { type: 'u', ...common, ...owner, cookieId }
}

function parseOwner(
  user: string | undefined,
  client: string | undefined,
): Pick<CommonClaims, 'user' | 'client'> | undefined {
  const parsedUser = UserId.safeParse(user)
  const parsedClient = ClientId.optional().safeParse(client)
  if (!parsedUser.success || !parsedClient.success) return undefined
  return { user: parsedUser.data, client: parsedClient.data }
}

function toPaddedBase64Url(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

function fromPaddedBase64Url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Decoding skips what it does not know; only the canonical text may name these bytes, or one token would have many names.
  return bytes.length === SIGNATURE_BYTES && toPaddedBase64Url(bytes) === text ? bytes : undefined
}
