/** Checking a user's password, at login and where a thief of an access token must not get further. */
import { createHash } from 'node:crypto'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { GUESSES_AT_ACCOUNT, GUESSES_AT_ACCOUNT_FROM_ADDRESS, GUESSES_FROM_ADDRESS } from './limits.ts'
import type { Passwords } from './passwords.ts'
import { forgetTries, isKnownAddress } from './store-throttles.ts'
import type { User } from './store-users.ts'
import type { BrigDb } from './tables.ts'
import { count, networkOf, type Throttled, waitFor } from './throttle.ts'

export interface CredentialNeeds {
  readonly db: BrigDb
  readonly passwords: Passwords
  readonly clock: Clock
}

export interface Guess {
  readonly user: User | undefined
  /** What the account was called by, when there is none. */
  readonly name?: string | undefined
  readonly password: string
  readonly address: string | undefined
}

export type Verdict = 'right' | 'wrong' | { readonly retryAfterSeconds: number }

/**
 * The failures are looked at again after the password was: of many guesses under way at the same time none counts as
 * right once so many others were wrong.
 */
export const checkPassword = async (
  { db, passwords, clock }: CredentialNeeds,
  { user, name = '', password, address }: Guess,
): Promise<Verdict> => {
  const network = networkOf(address)
  const tries = triesOf({ user, name, network })
  const must = async (): Promise<{ retryAfterSeconds: number } | undefined> => {
    const limits = user && (await isKnownAddress(db, user.id, network)) ? tries.fromHere : tries.all
    const retryAfterSeconds = await waitFor(db, clock.now(), limits)
    return retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }
  }
  const before = await must()
  if (before) return before
  const isRight = user?.password_hash
    ? await passwords.verify(user.password_hash, password)
    : await passwords.verifyNobody(password)
  if (!isRight) {
    await count(db, clock.now(), tries.all)
    return 'wrong'
  }
  const meanwhile = await must()
  if (meanwhile) return meanwhile
  await forgetTries(db, tries.pair)
  return 'right'
}

/**
 * Three limits. The narrow one is on one account from one address, and is all that somebody meets who guesses from one
 * place: the owner is let in from any other. The second stops whoever tries one password on many accounts, the third
 * whoever has many addresses; the owner is exempt from that where he has been before.
 */
const triesOf = ({
  user,
  name,
  network,
}: {
  readonly user: User | undefined
  readonly name: string
  readonly network: string
}) => {
  // Of an account that does not exist the tries are counted likewise, or the limits would tell which do.
  const account = user?.id ?? createHash('sha256').update(name).digest('base64url')
  const pair: Throttled = { rule: GUESSES_AT_ACCOUNT_FROM_ADDRESS, subject: `${account} ${network}` }
  const fromHere: Throttled[] = [pair, { rule: GUESSES_FROM_ADDRESS, subject: network }]
  return { pair, fromHere, all: [...fromHere, { rule: GUESSES_AT_ACCOUNT, subject: account }] }
}

/** For somebody who is logged in: which of the two ways of refusing him, if any. Users without password need none. */
export const reauthenticate = async (
  needs: CredentialNeeds,
  user: User,
  { password, address }: { readonly password: string | undefined; readonly address: string | undefined },
): Promise<'missing-auth' | 'wrong-password' | undefined> => {
  if (user.password_hash === null) return undefined
  if (password === undefined) return 'missing-auth'
  const verdict = await checkPassword(needs, { user, password, address })
  if (verdict === 'right') return undefined
  if (verdict === 'wrong') return 'wrong-password'
  throw mustWait(verdict)
}

export const mustWait = ({ retryAfterSeconds }: { readonly retryAfterSeconds: number }): Refusal =>
  new Refusal(429, 'client-error', {
    detail: 'Logins too frequent',
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
