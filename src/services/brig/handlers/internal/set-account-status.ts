import type { Clock } from '#src/kit/clock.ts'
import type { Announcements } from '../../announcements.ts'
import { insertRevocation } from '../../store-revocations.ts'
import { deleteAllSessions } from '../../store-sessions.ts'
import { findUser, lockUsers, updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
  readonly announcements: Announcements
}

/** Guests end by themselves and the deleted have ended: neither can be suspended. */
export const setAccountStatus =
  ({ db, clock, announcements }: Needs): InternalHandler<'set-account-status'> =>
  async ({ params: { user: id }, body: { status } }, { requestId }) =>
    db.transaction().execute(async (tx) => {
      await lockUsers(tx, [id])
      const user = await findUser(tx, id)
      if (user?.status !== 'active' && user?.status !== 'suspended') return { outcome: 'not-found' }
      await updateUser(tx, id, { status })
      if (status === 'suspended') {
        await deleteAllSessions(tx, id)
        await insertRevocation(tx, { user: id, client: undefined, at: clock.now() })
        await announcements.disconnect(tx, { user: id }, { requestId })
      }
      return { outcome: 'set' }
    })
