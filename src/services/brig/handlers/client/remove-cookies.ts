import { userOf } from '../../callers.ts'
import { checkPassword, type CredentialNeeds, mustWait } from '../../credentials.ts'
import { deleteSessions, deleteSessionsByLabel } from '../../store-sessions.ts'
import type { ClientHandler } from '../handler.ts'

export const removeCookies =
  (needs: CredentialNeeds): ClientHandler<'remove-cookies'> =>
  async ({ body }, { caller, address }) => {
    const { db } = needs
    const user = await userOf(db, caller)
    const verdict = await checkPassword(needs, { user, password: body.password, address })
    if (verdict === 'wrong') return { outcome: 'wrong-password' }
    if (verdict !== 'right') throw mustWait(verdict)
    await db.transaction().execute(async (tx) => {
      for (const label of body.labels ?? []) await deleteSessionsByLabel(tx, user.id, label)
      await deleteSessions(tx, user.id, body.ids ?? [])
    })
    return { outcome: 'removed' }
  }
