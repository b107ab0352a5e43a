/** SQL that takes away everything an account has. */
import type { QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { StoredConnection } from './store-connections.ts'
import { updateUser } from './store-users.ts'
import type { BrigTransaction, DeviceTransaction } from './tables.ts'

/** What stays is that there was somebody: the row, without anything that said who. Handle and address are free again. */
export const eraseUser = async (tx: DeviceTransaction, id: UserId): Promise<void> => {
  await updateUser(tx, id, {
    name: 'default',
    handle: null,
    email: null,
    email_key: null,
    email_unvalidated: null,
    password_hash: null,
    accent_id: 0,
    text_status: null,
    assets: '[]',
    status: 'deleted',
    expires_at: null,
    team_id: null,
    team_role: null,
    team_invited_by: null,
    team_joined_at: null,
  })
  // What belongs to devices goes with them: the tables refer to each other.
  for (const table of ['cookies', 'clients', 'properties', 'codes', 'login_addresses'] as const) {
    await tx.deleteFrom(table).where('user_id', '=', id).execute()
  }
}

/** The user's own side of all connections. */
export const deleteConnectionsOf = (tx: BrigTransaction, user: UserId): Promise<StoredConnection[]> =>
  tx.deleteFrom('connections').where('user_id', '=', user).returningAll().execute()

/** The other side, as far as it is ours: of everybody here, or of these. */
export const deleteConnectionsTo = (
  tx: BrigTransaction,
  other: QualifiedUserId,
  users?: readonly UserId[],
): Promise<StoredConnection[]> => {
  let query = tx.deleteFrom('connections').where('other_domain', '=', other.domain).where('other_id', '=', other.id)
  if (users) query = query.where('user_id', 'in', [...users])
  return query.returningAll().execute()
}
