/** Beginning sessions and handing out what stands for them: the cookie and the access token. */
import type { UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import type { Random } from '#src/kit/random.ts'
import { ACCESS_TOKEN_SECONDS } from '#src/rpc/access-token-format.ts'
import {
  lifetimeSeconds,
  placeAmong,
  plusSeconds,
  type Session,
  type SessionType,
  setCookieHeader,
} from './session-rules.ts'
import {
  deleteExpiredSessions,
  deleteSessions,
  deleteSessionsByLabel,
  findSessions,
  insertSession,
} from './store-sessions.ts'
import { lockUsers } from './store-users.ts'
import type { BrigTransaction } from './tables.ts'
import type { TokenKeys } from './token-keys.ts'

export interface SessionNeeds {
  readonly keys: TokenKeys
  readonly clock: Clock
  readonly random: Random
  /** False only for development over plain HTTP. */
  readonly isCookieSecure: boolean
}

export interface NewSession {
  readonly user: UserId
  readonly type: SessionType
  readonly label: string | undefined
}

export type Begun = { readonly session: Session } | { readonly retryAfterSeconds: number }

/** A session more, unless they come too fast. Who logs in under a label again ends the session that had it. */
export const beginSession = async (
  tx: BrigTransaction,
  { clock, random }: SessionNeeds,
  { user, type, label }: NewSession,
): Promise<Begun> => {
  const now = clock.now()
  const { size } = await lockUsers(tx, [user])
  if (size === 0) throw new Refusal(403, 'invalid-credentials', { detail: 'Authentication failed.' })
  await deleteExpiredSessions(tx, user, now)
  if (label !== undefined) await deleteSessionsByLabel(tx, user, label)
  const session: Session = {
    user,
    id: newCookieId(random),
    type,
    label: label ?? null,
    client: undefined,
    successor: undefined,
    createdAt: now,
    expiresAt: plusSeconds(now, lifetimeSeconds(type)),
  }
  return addSession(tx, session)
}

/** Room is made among the sessions of its type; the user is locked. */
const addSession = async (tx: BrigTransaction, session: Session): Promise<Begun> => {
  const existing = await findSessions(tx, session.user)
  const place = placeAmong(
    existing.filter(({ type }) => type === session.type),
    session.createdAt,
  )
  if ('retryAfterSeconds' in place) return place
  await deleteSessions(tx, session.user, place.evicted)
  await insertSession(tx, session)
  return { session }
}

/** A new cookie for a session that goes on, for the same type, label and device. */
export const succeedSession = async (
  tx: BrigTransaction,
  { clock, random }: SessionNeeds,
  session: Session,
): Promise<Session> => {
  const now = clock.now()
  const expiresAt = plusSeconds(now, lifetimeSeconds(session.type))
  const successor = { ...session, id: newCookieId(random), successor: undefined, createdAt: now, expiresAt }
  await insertSession(tx, successor)
  return successor
}

const newCookieId = (random: Random): number => Buffer.from(random.bytes(4)).readUInt32BE()

export const setCookie = ({ keys, isCookieSecure }: SessionNeeds, session: Session): Record<string, string> => {
  const value = keys.sign({
    type: 'u',
    tag: tagOf(session),
    user: session.user,
    client: session.client,
    cookieId: session.id,
    expiresAt: unixSeconds(session.expiresAt),
  })
  return { 'set-cookie': setCookieHeader(value, session, { isSecure: isCookieSecure }) }
}

/** An access token of a session; with the connection of the one it replaces, if there is one. */
export const accessTokenOf = ({ keys, clock, random }: SessionNeeds, session: Session, connection?: string) => ({
  user: session.user,
  access_token: keys.sign({
    type: 'a',
    tag: tagOf(session),
    user: session.user,
    client: session.client,
    connection: connection ?? Buffer.from(random.bytes(8)).readBigUInt64BE().toString(),
    expiresAt: unixSeconds(plusSeconds(clock.now(), ACCESS_TOKEN_SECONDS)),
  }),
  token_type: 'Bearer' as const,
  expires_in: ACCESS_TOKEN_SECONDS,
})

const tagOf = ({ type }: Session): 's' | '' => (type === 'session' ? 's' : '')

const unixSeconds = (time: Date): number => Math.floor(time.getTime() / 1000)
