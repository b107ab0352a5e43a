import { userOf } from '../../callers.ts'
import { findTeam } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { shownTeam } from '../../teams.ts'
import type { ClientHandler } from '../handler.ts'

export const listTeams =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'list-teams'> =>
  async (_input, { caller }) => {
    const { team_id: id } = await userOf(db, caller)
    const team = id === null ? undefined : await findTeam(db, id)
    return { outcome: 'found', body: { teams: team ? [shownTeam(team)] : [], has_more: false } }
  }
