import { deleteAllSessions } from '../../store-sessions.ts'
import { findUser, lockUsers, updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

/** Guests end by themselves and the deleted have ended: neither can be suspended. */
export const setAccountStatus =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'set-account-status'> =>
  async ({ params: { user: id }, body: { status } }) =>
    db.transaction().execute(async (tx) => {
      await lockUsers(tx, [id])
      const user = await findUser(tx, id)
      if (user?.status !== 'active' && user?.status !== 'suspended') return { outcome: 'not-found' }
      await updateUser(tx, id, { status })
      if (status === 'suspended') await deleteAllSessions(tx, id)
      return { outcome: 'set' }
    })
