import { userOf } from '../../callers.ts'
import { findUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

/** Only a directory of the team could fill it, and we have none; clients ask all the same. */
export const getRichInfo =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-rich-info'> =>
  async ({ params }, { caller }) => {
    const own = await userOf(db, caller)
    const user = await findUser(db, params.user)
    if (!user || user.status === 'deleted') return { outcome: 'not-found' }
    const isOfSameTeam = own.team_id !== null && own.team_id === user.team_id
    if (user.id !== own.id && !isOfSameTeam) return { outcome: 'insufficient-permissions' }
    return { outcome: 'found', body: { version: 0, fields: [] } }
  }
