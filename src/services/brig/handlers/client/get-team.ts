import { userOf } from '../../callers.ts'
import { findTeam } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { shownTeam } from '../../teams.ts'
import type { ClientHandler } from '../handler.ts'

/** Strangers learn nothing: a team they are not in and one that does not exist look the same. */
export const getTeam =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-team'> =>
  async ({ params }, { caller }) => {
    const user = await userOf(db, caller)
    const team = user.team_id === params.team ? await findTeam(db, params.team) : undefined
    return team ? { outcome: 'found', body: shownTeam(team) } : { outcome: 'no-team' }
  }
