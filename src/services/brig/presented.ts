/** What a request to `/access` presents: a cookie that may stand for a session, and perhaps the token to replace. */
import type { AccessClaims } from '#src/rpc/access-token-format.ts'
import type { PublicContext } from '#src/rpc/context.ts'
import { isPresent } from './profiles.ts'
import { bearerToken, type Session, zuidValues } from './session-rules.ts'
import { findSession } from './store-sessions.ts'
import { findUser } from './store-users.ts'
import type { BrigDb } from './tables.ts'
import type { TokenKeys } from './token-keys.ts'

export interface Presented {
  readonly session: Session
  readonly token: AccessClaims | undefined
}

export type NotPresented = 'missing-cookie' | 'missing-cookie-and-token' | 'invalid-token'

interface Needs {
  readonly db: BrigDb
  readonly keys: TokenKeys
}

/** The first cookie that stands for a session counts; a token must be ours and the same user's, but may be expired. */
export const readPresented = async (
  { db, keys }: Needs,
  { cookie, authorization }: Pick<PublicContext, 'cookie' | 'authorization'>,
  now: Date,
): Promise<Presented | NotPresented> => {
  const values = zuidValues(cookie)
  const bearer = bearerToken(authorization)
  if (values.length === 0) return bearer === undefined ? 'missing-cookie-and-token' : 'missing-cookie'
  const session = await firstSession({ db, keys }, values, now)
  if (!session) return 'invalid-token'
  if (bearer === undefined) return { session, token: undefined }
  const token = keys.authentic(bearer)
  return token?.type === 'a' && token.user === session.user ? { session, token } : 'invalid-token'
}

const firstSession = async (
  { db, keys }: Needs,
  values: readonly string[],
  now: Date,
): Promise<Session | undefined> => {
  for (const value of values) {
    const claims = keys.authentic(value)
    const session = claims?.type === 'u' ? await findSession(db, claims.user, claims.cookieId) : undefined
    if (!session || session.expiresAt <= now) continue
    const user = await findUser(db, session.user)
    if (user && isPresent(user, now)) return session
  }
  return undefined
}
