import type { Clock } from '#src/kit/clock.ts'
import { userOf } from '../../callers.ts'
import { listInvitations } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { mayManageMembers } from '../../team-rules.ts'
import { invitationsSince, shownInvitation } from '../../teams.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
}

export const listTeamInvitations =
  ({ db, clock }: Needs): ClientHandler<'list-team-invitations'> =>
  async ({ params: { team }, query: { start, size } }, { caller }) => {
    const user = await userOf(db, caller)
    if (user.team_id !== team || !mayManageMembers(user.team_role)) return { outcome: 'insufficient-permissions' }
    const since = invitationsSince(clock.now())
    const found = await listInvitations(db, team, { after: start, size: size + 1, since })
    const invitations = found.slice(0, size).map(shownInvitation)
    return { outcome: 'page', body: { invitations, has_more: found.length > size } }
  }
