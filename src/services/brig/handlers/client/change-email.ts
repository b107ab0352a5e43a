import { activationKey, type CodeNeeds, issueCode } from '../../codes.ts'
import { parseEmail } from '../../email.ts'
import { ACTIVATION_SECONDS } from '../../limits.ts'
import { countMail, type MailingNeeds } from '../../mailing.ts'
import { activationMail } from '../../mails.ts'
import { readPresented } from '../../presented.ts'
import type { SessionNeeds } from '../../sessions.ts'
import { deleteCodesOf } from '../../store-codes.ts'
import { findUser, findUserByEmail, lockUsers, updateUser } from '../../store-users.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends MailingNeeds {
  readonly sessions: SessionNeeds
  readonly codes: CodeNeeds
}

/** Needs the cookie too: who has got hold of an access token only must not be able to take the account over. */
export const changeEmail =
  (needs: Needs): PublicHandler<'change-email'> =>
  async ({ body }, context) => {
    const { db, sessions, codes, mailer } = needs
    const presented = await readPresented({ db, keys: sessions.keys }, context, codes.clock.now())
    if (typeof presented === 'string') return { outcome: presented }
    if (!presented.token) return { outcome: 'missing-token' }
    const id = presented.session.user
    const email = parseEmail(body.email)
    if (!email) return { outcome: 'invalid-email' }
    const owner = await findUserByEmail(db, email.key)
    if (owner) return { outcome: owner.id === id ? 'unchanged' : 'email-taken' }
    await countMail(needs, { email, address: context.address })
    const code = await db.transaction().execute(async (tx) => {
      await lockUsers(tx, [id])
      if ((await findUser(tx, id))?.status !== 'active') return undefined
      await deleteCodesOf(tx, id, 'activation')
      await updateUser(tx, id, { email_unvalidated: email.shown })
      return issueCode(tx, codes, {
        purpose: 'activation',
        key: activationKey(email),
        user: id,
        email,
        lifetimeSeconds: ACTIVATION_SECONDS,
      })
    })
    if (code === undefined) return { outcome: 'invalid-token' }
    await mailer.send(activationMail({ to: email.shown, code }))
    return { outcome: 'code-mailed' }
  }
