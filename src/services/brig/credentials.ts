/** Checking a user's password, at login and where a thief of an access token must not get further. */
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { FAILED_LOGINS_MAX, FAILED_LOGINS_WINDOW_SECONDS } from './limits.ts'
import type { Passwords } from './passwords.ts'
import { plusSeconds } from './session-rules.ts'
import { addLoginFailure, type FailureWindow, findLoginFailures, forgetLoginFailures } from './store-sessions.ts'
import type { User } from './store-users.ts'
import type { BrigDb } from './tables.ts'

export interface CredentialNeeds {
  readonly db: BrigDb
  readonly passwords: Passwords
  readonly clock: Clock
}

export type Verdict = 'right' | 'wrong' | { readonly retryAfterSeconds: number }

/**
 * The failures are looked at again after the password was: of many guesses under way at the same time none counts as
 * right once so many others were wrong.
 */
export const checkPassword = async (
  { db, passwords, clock }: CredentialNeeds,
  user: User | undefined,
  password: string,
): Promise<Verdict> => {
  if (!user?.password_hash) {
    await passwords.verifyNobody(password)
    return 'wrong'
  }
  const now = clock.now()
  const window = { now, countedFrom: plusSeconds(now, -FAILED_LOGINS_WINDOW_SECONDS) }
  const before = await waitingTime(db, user, window)
  if (before) return before
  if (!(await passwords.verify(user.password_hash, password))) {
    await addLoginFailure(db, user.id, window)
    return 'wrong'
  }
  const meanwhile = await waitingTime(db, user, window)
  if (meanwhile) return meanwhile
  await forgetLoginFailures(db, user.id)
  return 'right'
}

const waitingTime = async (
  db: BrigDb,
  user: User,
  window: FailureWindow,
): Promise<{ readonly retryAfterSeconds: number } | undefined> => {
  const found = await findLoginFailures(db, user.id, window)
  if (!found || found.failures < FAILED_LOGINS_MAX) return undefined
  const waitMs = plusSeconds(found.since, FAILED_LOGINS_WINDOW_SECONDS).getTime() - window.now.getTime()
  return { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
}

/** For somebody who is logged in: which of the two ways of refusing him, if any. Users without password need none. */
export const reauthenticate = async (
  needs: CredentialNeeds,
  user: User,
  password: string | undefined,
): Promise<'missing-auth' | 'wrong-password' | undefined> => {
  if (user.password_hash === null) return undefined
  if (password === undefined) return 'missing-auth'
  const verdict = await checkPassword(needs, user, password)
  if (verdict === 'right') return undefined
  if (verdict === 'wrong') return 'wrong-password'
  throw mustWait(verdict)
}

export const mustWait = ({ retryAfterSeconds }: { readonly retryAfterSeconds: number }): Refusal =>
  new Refusal(429, 'client-error', {
    detail: 'Logins too frequent',
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
