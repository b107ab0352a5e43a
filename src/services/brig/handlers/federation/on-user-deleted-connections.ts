import { userDeleted } from '../../account-deletion.ts'
import type { Announcements } from '../../announcements.ts'
import { deleteConnectionsTo } from '../../store-deletion.ts'
import { lockUsers } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly announcements: Announcements
}

/**
 * The origin speaks for its own users only: the user is one of that domain, whatever the id. The second time there are
 * no connections any more, so nobody is told again.
 */
export const onUserDeletedConnections =
  ({ db, announcements }: Needs): FederationHandler<'on-user-deleted-connections'> =>
  async ({ user, connections }, { origin, requestId }) => {
    const who = { domain: origin, id: user }
    await db.transaction().execute(async (tx) => {
      await lockUsers(tx, connections)
      const deleted = await deleteConnectionsTo(tx, who, connections)
      const contacts = deleted.filter(({ status }) => status === 'accepted').map((connection) => connection.user_id)
      if (contacts.length > 0) await announcements.push(tx, { users: contacts, event: userDeleted(who) }, { requestId })
    })
  }
