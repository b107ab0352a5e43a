import { userOf } from '../../callers.ts'
import { announceToContacts, type SelfUpdateNeeds } from '../../self-updates.ts'
import { updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends SelfUpdateNeeds {
  readonly db: BrigDb
}

export const updateSelf =
  (needs: Needs): ClientHandler<'update-self'> =>
  async ({ body }, { caller, requestId }) => {
    const user = await userOf(needs.db, caller)
    const given = Object.entries(body).filter(([, value]) => value !== undefined)
    if (given.length === 0) return { outcome: 'updated' }
    const { name, text_status, accent_id, assets } = body
    await needs.db.transaction().execute(async (tx) => {
      await updateUser(tx, user.id, {
        ...(name !== undefined && { name }),
        ...(text_status !== undefined && { text_status }),
        ...(accent_id !== undefined && { accent_id }),
        ...(assets !== undefined && { assets: JSON.stringify(assets) }),
      })
      const cause = { requestId, caller }
      await announceToContacts(tx, needs, { user, changes: Object.fromEntries(given), cause })
    })
    return { outcome: 'updated' }
  }
