/** Six digits that show that somebody reads the mail of an address (client-auth.md §2.1). */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Random } from '#src/kit/random.ts'
import type { Email } from './email.ts'
import { CODE_ATTEMPTS_MAX } from './limits.ts'
import { plusSeconds } from './session-rules.ts'
import { addAttempt, type CodeName, deleteExpiredCodes, lockCode, putCode, type StoredCode } from './store-codes.ts'
import type { BrigDb, BrigTransaction } from './tables.ts'

export interface CodeNeeds {
  readonly clock: Clock
  readonly random: Random
  /** Development mode: every code is this one. */
  readonly headlessCode: string | undefined
}

export interface NewCode extends CodeName {
  readonly user?: UserId | undefined
  readonly email?: Email | undefined
  readonly lifetimeSeconds: number
}

/** A new code in place of the one there was. The digits, for the mail. */
export const issueCode = async (
  tx: BrigTransaction,
  { clock, random, headlessCode }: CodeNeeds,
  { purpose, key, user, email, lifetimeSeconds }: NewCode,
): Promise<string> => {
  const digits = headlessCode ?? sixDigits(random)
  const now = clock.now()
  await deleteExpiredCodes(tx, now)
  await putCode(tx, {
    purpose,
    key,
    code_hash: hashOf({ purpose, key }, digits),
    user_id: user ?? null,
    email: email?.shown ?? null,
    email_key: email?.key ?? null,
    expires_at: plusSeconds(now, lifetimeSeconds),
  })
  return digits
}

/** The code if these are its digits. Otherwise an attempt is gone, and after the last one the code is worth nothing. */
export const tryCode = (
  db: BrigDb,
  name: CodeName,
  { digits, now }: { readonly digits: string; readonly now: Date },
): Promise<StoredCode | undefined> =>
  db.transaction().execute(async (tx) => {
    const code = await lockCode(tx, name, now)
    if (!code || code.attempts >= CODE_ATTEMPTS_MAX) return undefined
    if (timingSafeEqual(hashOf(name, digits), code.code_hash)) return code
    await addAttempt(tx, name)
    return undefined
  })

/** What a code is named by that anybody may know: its address, or its account. */
export const keyFor = (purpose: StoredCode['purpose'], subject: string): string =>
  createHash('sha256').update(`${purpose} ${subject}`).digest('base64url')

export const activationKey = (email: Email): string => keyFor('activation', email.key)

const hashOf = ({ purpose, key }: CodeName, digits: string): Buffer =>
  createHash('sha256').update(`${purpose}\n${key}\n${digits}`).digest()

/** Evenly spread: numbers beyond the last whole million are thrown away. */
const sixDigits = (random: Random): string => {
  for (;;) {
    const number = Buffer.from(random.bytes(4)).readUInt32BE()
    if (number < 4_294_000_000) return String(number % 1_000_000).padStart(6, '0')
  }
}
