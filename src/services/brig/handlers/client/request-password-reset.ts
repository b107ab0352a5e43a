import { type CodeNeeds, issueCode, keyFor } from '../../codes.ts'
import { parseEmail } from '../../email.ts'
import { PASSWORD_RESET_SECONDS } from '../../limits.ts'
import { countMail, type MailingNeeds } from '../../mailing.ts'
import { passwordResetMail } from '../../mails.ts'
import { findUserByEmail } from '../../store-users.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends MailingNeeds {
  readonly codes: CodeNeeds
}

/** The answer is the same, and as fast, whether there is such an account or not. */
export const requestPasswordReset =
  (needs: Needs): PublicHandler<'request-password-reset'> =>
  async ({ body }, { address }) => {
    const { db, codes, mailer } = needs
    const email = parseEmail(body.email)
    if (!email) return { outcome: 'accepted' }
    await countMail(needs, { email, address })
    const user = await findUserByEmail(db, email.key)
    if (user?.status !== 'active') return { outcome: 'accepted' }
    const key = keyFor('password-reset', user.id)
    const code = await db.transaction().execute((tx) =>
      issueCode(tx, codes, {
        purpose: 'password-reset',
        key,
        user: user.id,
        lifetimeSeconds: PASSWORD_RESET_SECONDS,
      }),
    )
    mailer.sendLater(passwordResetMail({ to: email.shown, key, code }))
    return { outcome: 'accepted' }
  }
