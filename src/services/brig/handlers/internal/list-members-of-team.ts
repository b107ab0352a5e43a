import { listTeamRoles } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const listMembersOfTeam =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'list-members-of-team'> =>
  async ({ params }) => {
    const found = await listTeamRoles(db, params.team)
    const members = found.flatMap(({ id, team_role: role }) => (role === null ? [] : [{ user: id, role }]))
    return { outcome: 'found', body: { members } }
  }
