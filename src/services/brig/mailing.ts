/** Before a mail: that nobody is flooded with them, and nobody floods others. */
import { Refusal } from '#src/kit/errors.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Email } from './email.ts'
import { MAILS_FROM_ADDRESS, MAILS_TO_ADDRESS } from './limits.ts'
import type { Mailer } from './mailer.ts'
import type { BrigDb } from './tables.ts'
import { networkOf, throttle } from './throttle.ts'

export interface MailingNeeds {
  readonly db: BrigDb
  readonly clock: Clock
  readonly mailer: Mailer
}

/** Refuses with 429; counts whether or not there is an account, so that the limit says nothing about that. */
export const countMail = async (
  { db, clock, mailer }: MailingNeeds,
  { email, address }: { readonly email: Email; readonly address: string | undefined },
): Promise<void> => {
  if (!mailer.sendsMail) return
  const retryAfterSeconds = await throttle(db, clock.now(), [
    { rule: MAILS_TO_ADDRESS, subject: email.key },
    { rule: MAILS_FROM_ADDRESS, subject: networkOf(address) },
  ])
  if (retryAfterSeconds === undefined) return
  throw new Refusal(429, 'too-many-requests', {
    detail: 'Too many requests to generate a code',
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}
