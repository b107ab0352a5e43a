import { activationKey, type CodeNeeds, issueCode } from '../../codes.ts'
import { parseEmail } from '../../email.ts'
import { ACCOUNT_ACTIVATION_SECONDS, ACTIVATION_SECONDS } from '../../limits.ts'
import { countMail, type MailingNeeds } from '../../mailing.ts'
import { activationMail } from '../../mails.ts'
import { findActivation } from '../../store-codes.ts'
import { findUserByEmail } from '../../store-users.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends MailingNeeds {
  readonly codes: CodeNeeds
}

/** A new code replaces the one there was. An account that waits for it waits on. */
export const sendActivationCode =
  (needs: Needs): PublicHandler<'send-activation-code'> =>
  async ({ body }, { address }) => {
    const { db, codes, mailer } = needs
    const email = parseEmail(body.email)
    if (!email) return { outcome: 'invalid-email' }
    if (!mailer.isOpen) return { outcome: 'unavailable' }
    if (await findUserByEmail(db, email.key)) return { outcome: 'email-taken' }
    await countMail(needs, { email, address })
    const code = await db.transaction().execute(async (tx) => {
      const waiting = await findActivation(tx, email.key, codes.clock.now())
      const user = waiting?.user_id ?? undefined
      const lifetimeSeconds = user === undefined ? ACTIVATION_SECONDS : ACCOUNT_ACTIVATION_SECONDS
      return issueCode(tx, codes, { purpose: 'activation', key: activationKey(email), user, email, lifetimeSeconds })
    })
    await mailer.send(activationMail({ to: email.shown, code }))
    return { outcome: 'sent' }
  }
