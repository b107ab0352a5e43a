import { lockUser, userOf } from '../../callers.ts'
import { announceToContacts, type SelfUpdateNeeds } from '../../self-updates.ts'
import { findUser, updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends SelfUpdateNeeds {
  readonly db: BrigDb
}

/** Once groups count on MLS with a user they cannot go on without it: `mls` stays (rules.md §11). */
export const updateSupportedProtocols =
  (needs: Needs): ClientHandler<'update-supported-protocols'> =>
  async ({ body: { supported_protocols: wanted } }, { caller, requestId }) => {
    const { id } = await userOf(needs.db, caller)
    return needs.db.transaction().execute(async (tx) => {
      // Locked, because of two devices that update at once the older must not take back what the newer has added.
      await lockUser(tx, id)
      const user = await findUser(tx, id)
      if (!user) throw new Error('a locked user is gone')
      if (user.supported_protocols.includes('mls') && !wanted.includes('mls')) {
        return { outcome: 'mls-cannot-be-removed' }
      }
      if (isSameSet(user.supported_protocols, wanted)) return { outcome: 'updated' }
      await updateUser(tx, id, { supported_protocols: JSON.stringify(wanted) })
      const changes = { supported_protocols: wanted }
      await announceToContacts(tx, needs, { user, changes, cause: { requestId, caller } })
      return { outcome: 'updated' }
    })
  }

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((value) => other.includes(value))
