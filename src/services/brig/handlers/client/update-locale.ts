import { userOf } from '../../callers.ts'
import { announceToSelf, type SelfUpdateNeeds } from '../../self-updates.ts'
import { updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends SelfUpdateNeeds {
  readonly db: BrigDb
}

export const updateLocale =
  (needs: Needs): ClientHandler<'update-locale'> =>
  async ({ body: { locale } }, { caller, requestId }) => {
    const user = await userOf(needs.db, caller)
    await needs.db.transaction().execute(async (tx) => {
      await updateUser(tx, user.id, { locale })
      await announceToSelf(tx, needs, { user, changes: { locale }, cause: { requestId, caller } })
    })
    return { outcome: 'updated' }
  }
