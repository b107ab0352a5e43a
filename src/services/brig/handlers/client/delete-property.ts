import type { Announcements } from '../../announcements.ts'
import { deleteProperty } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly announcements: Announcements
}

export const deleteOneProperty =
  ({ db, announcements }: Needs): ClientHandler<'delete-property'> =>
  async ({ params: { key } }, { caller, requestId }) => {
    await db.transaction().execute(async (tx) => {
      if (!(await deleteProperty(tx, caller.user, key))) return
      const event = { type: 'user.properties-delete', key }
      await announcements.push(tx, { users: [caller.user], event }, { requestId, caller })
    })
    return { outcome: 'deleted' }
  }
