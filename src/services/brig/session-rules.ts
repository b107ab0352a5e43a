/** Sessions and the `zuid` cookie that stands for one (client-auth.md §3). */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { COOKIES_PER_TYPE_MAX } from '#src/contract/client/brig-limits.ts'
import {
  COOKIE_BURST_SECONDS,
  COOKIE_HEADER_CHARACTERS_MAX,
  COOKIE_RENEW_SECONDS,
  COOKIES_PER_REQUEST_MAX,
  PERSISTENT_COOKIE_SECONDS,
  SESSION_COOKIE_SECONDS,
} from './limits.ts'

export type SessionType = 'session' | 'persistent'

export interface Session {
  readonly user: UserId
  /** uint32, unique for the user. */
  readonly id: number
  readonly type: SessionType
  readonly label: string | null
  /** The device that the session is bound to, once it is. */
  readonly client: ClientId | undefined
  readonly successor: number | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
}

export const lifetimeSeconds = (type: SessionType): number =>
  type === 'persistent' ? PERSISTENT_COOKIE_SECONDS : SESSION_COOKIE_SECONDS

export const plusSeconds = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1000)

const secondsBetween = (earlier: Date, later: Date): number => (later.getTime() - earlier.getTime()) / 1000

/** Only persistent cookies are renewed; a session ends with the browser or after a day. */
export const isDueForRenewal = ({ type, createdAt }: Session, now: Date): boolean =>
  type === 'persistent' && secondsBetween(createdAt, now) > COOKIE_RENEW_SECONDS

/** Until when a cookie that has a successor may still be used: the answer with the new one may have been lost. */
export const supersededUntil = ({ expiresAt }: Session, now: Date): Date => {
  const grace = plusSeconds(now, COOKIE_RENEW_SECONDS)
  return grace < expiresAt ? grace : expiresAt
}

export type Place = { readonly evicted: readonly number[] } | { readonly retryAfterSeconds: number }

/**
 * Room for one more session among those of its type: the ones that would expire first make way. Unless all are so
 * young that somebody is only testing how many he can get.
 */
export const placeAmong = (existing: readonly Session[], now: Date): Place => {
  const surplus = existing.length - COOKIES_PER_TYPE_MAX + 1
  if (surplus <= 0) return { evicted: [] }
  const ageSeconds = Math.max(...existing.map(({ createdAt }) => secondsBetween(createdAt, now)))
  if (ageSeconds < COOKIE_BURST_SECONDS) return { retryAfterSeconds: Math.ceil(COOKIE_BURST_SECONDS - ageSeconds) }
  const firstToExpire = existing.toSorted((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
  return { evicted: firstToExpire.slice(0, surplus).map(({ id }) => id) }
}

/** The values of all cookies called `zuid`: a browser may send one of a parent domain besides ours. */
export const zuidValues = (header: string | undefined): string[] => {
  if (header === undefined || header.length > COOKIE_HEADER_CHARACTERS_MAX) return []
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith('zuid='))
    .map((pair) => pair.slice('zuid='.length))
    .filter((value) => value !== '')
    .slice(0, COOKIES_PER_REQUEST_MAX)
}

/** Without `Expires` for session cookies; no `Domain` and no `SameSite` (client-auth.md §3.1). */
export const setCookieHeader = (
  value: string,
  { type, expiresAt }: Pick<Session, 'type' | 'expiresAt'>,
  { isSecure }: { readonly isSecure: boolean },
): string => {
  const expires = type === 'persistent' ? `; Expires=${expiresAt.toUTCString()}` : ''
  return `zuid=${value}; Path=/access${expires}; HttpOnly${isSecure ? '; Secure' : ''}`
}

/** RFC 6750 §2.1; the scheme's name has no case. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
