import { findTeam } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { settingsOf } from '../../teams.ts'
import type { InternalHandler } from '../handler.ts'

export const getTeamSettings =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'get-team-settings'> =>
  async ({ params }) => {
    const team = await findTeam(db, params.team)
    return team ? { outcome: 'found', body: settingsOf(team) } : { outcome: 'no-team' }
  }
