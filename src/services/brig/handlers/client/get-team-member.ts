import { userOf } from '../../callers.ts'
import { findTeamMember } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { shownMember } from '../../teams.ts'
import type { ClientHandler } from '../handler.ts'

export const getTeamMember =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-team-member'> =>
  async ({ params: { team, user: id } }, { caller }) => {
    const user = await userOf(db, caller)
    if (user.team_id !== team) return { outcome: 'no-team-member' }
    const member = await findTeamMember(db, team, id)
    return member ? { outcome: 'found', body: shownMember(user, member) } : { outcome: 'not-found' }
  }
