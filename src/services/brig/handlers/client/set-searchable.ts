import { userOf } from '../../callers.ts'
import { findTeamMember } from '../../store-teams.ts'
import { updateUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import { mayManageMembers } from '../../team-rules.ts'
import type { ClientHandler } from '../handler.ts'

/** Whoever is not in the caller's team is nobody that he may do this to. */
export const setSearchable =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'set-searchable'> =>
  async ({ params, body }, { caller }) => {
    const { team_id: team, team_role: role } = await userOf(db, caller)
    if (team === null || !mayManageMembers(role)) return { outcome: 'insufficient-permissions' }
    const member = await findTeamMember(db, team, params.user)
    if (!member) return { outcome: 'insufficient-permissions' }
    const changes = { is_searchable: body.set_searchable }
    await db.transaction().execute((tx) => updateUser(tx, member.id, changes))
    return { outcome: 'set' }
  }
