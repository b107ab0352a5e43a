import type { Announcements } from '../../announcements.ts'
import { deleteProperties } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly announcements: Announcements
}

export const clearProperties =
  ({ db, announcements }: Needs): ClientHandler<'clear-properties'> =>
  async (_input, { caller, requestId }) => {
    await db.transaction().execute(async (tx) => {
      await deleteProperties(tx, caller.user)
      const event = { type: 'user.properties-clear' }
      await announcements.push(tx, { users: [caller.user], event }, { requestId, caller })
    })
    return { outcome: 'deleted' }
  }
