import { userOf } from '../../callers.ts'
import { checkPassword, type CredentialNeeds, mustWait } from '../../credentials.ts'
import { setPassword } from '../../store-credentials.ts'
import type { ClientHandler } from '../handler.ts'

/** All sessions end: whoever knew the old password may have some. */
export const changePassword =
  (needs: CredentialNeeds): ClientHandler<'change-password'> =>
  async ({ body }, { caller, address }) => {
    const { db, passwords } = needs
    const user = await userOf(db, caller)
    if (user.email === null) return { outcome: 'no-identity' }
    if (user.password_hash !== null) {
      const verdict = await checkPassword(needs, { user, password: body.old_password ?? '', address })
      if (verdict === 'wrong') return { outcome: 'wrong-password' }
      if (verdict !== 'right') throw mustWait(verdict)
      if (body.old_password === body.new_password) return { outcome: 'must-differ' }
    }
    const hash = await passwords.hash(body.new_password)
    const isSet = await db.transaction().execute((tx) => setPassword(tx, user.id, { hash, before: user.password_hash }))
    return { outcome: isSet ? 'changed' : 'wrong-password' }
  }
