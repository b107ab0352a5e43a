import type { brigClient } from '#src/contract/client/brig.ts'
import type { OutcomeOf } from '#src/kit/endpoint.ts'
import { deleteAccount, type DeletionNeeds } from '../../account-deletion.ts'
import { lockUser, userOf } from '../../callers.ts'
import { type CodeNeeds, issueCode } from '../../codes.ts'
import { checkPassword, type CredentialNeeds, mustWait } from '../../credentials.ts'
import { DELETION_KEY_BYTES, DELETION_SECONDS } from '../../limits.ts'
import type { Mailer } from '../../mailer.ts'
import { deletionMail } from '../../mails.ts'
import { findCodeOf } from '../../store-codes.ts'
import type { User } from '../../store-users.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends CredentialNeeds, DeletionNeeds {
  readonly codes: CodeNeeds
  readonly mailer: Mailer
}

type Outcome = OutcomeOf<(typeof brigClient)['delete-self']>

/** With the password at once; without it whoever has an address shows that it is he. */
export const deleteSelf =
  (needs: Needs): ClientHandler<'delete-self'> =>
  async ({ body: { password } }, { caller, requestId, address }) => {
    const { db } = needs
    const user = await userOf(db, caller)
    if (user.team_role === 'owner') return { outcome: 'team-owner' }
    if (password !== undefined) {
      const verdict = await checkPassword(needs, { user, password, address })
      if (verdict === 'wrong') return { outcome: 'wrong-password' }
      if (verdict !== 'right') throw mustWait(verdict)
    } else if (user.email !== null) {
      return mailCode(needs, user, user.email)
    } else if (user.password_hash !== null) {
      return { outcome: 'missing-auth' }
    }
    await needs.changes.change(user.id, requestId, (tx) =>
      deleteAccount(tx, needs, { id: user.id, cause: { requestId, caller } }),
    )
    return { outcome: 'deleted' }
  }

const mailCode = async ({ db, codes, mailer }: Needs, { id }: User, address: string): Promise<Outcome> => {
  const key = Buffer.from(codes.random.bytes(DELETION_KEY_BYTES)).toString('base64url')
  const code = await db.transaction().execute(async (tx) => {
    await lockUser(tx, id)
    if (await findCodeOf(tx, id, { purpose: 'deletion', now: codes.clock.now() })) return undefined
    return issueCode(tx, codes, { purpose: 'deletion', key, user: id, lifetimeSeconds: DELETION_SECONDS })
  })
  if (code === undefined) return { outcome: 'pending-delete' }
  await mailer.send(deletionMail({ to: address, key, code }))
  return { outcome: 'code-mailed', body: { expires_in: DELETION_SECONDS } }
}
