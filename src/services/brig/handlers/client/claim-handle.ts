import { userOf } from '../../callers.ts'
import { parseHandle } from '../../handle-rules.ts'
import { isVerified } from '../../profiles.ts'
import { announceToContacts, type SelfUpdateNeeds } from '../../self-updates.ts'
import { isUniqueViolation, updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends SelfUpdateNeeds {
  readonly db: BrigDb
}

export const claimHandle =
  (needs: Needs): ClientHandler<'claim-handle'> =>
  async ({ body }, { caller, requestId }) => {
    const user = await userOf(needs.db, caller)
    const handle = parseHandle(body.handle)
    if (handle === undefined) return { outcome: 'invalid-handle' }
    if (!isVerified(user)) return { outcome: 'no-identity' }
    if (user.handle === handle) return { outcome: 'claimed' }
    try {
      await needs.db.transaction().execute(async (tx) => {
        await updateUser(tx, user.id, { handle })
        await announceToContacts(tx, needs, { user, changes: { handle }, cause: { requestId, caller } })
      })
      return { outcome: 'claimed' }
    } catch (error) {
      // Handles are unique in the database, so of two who claim one at the same time only one gets it.
      if (isUniqueViolation(error)) return { outcome: 'handle-exists' }
      throw error
    }
  }
