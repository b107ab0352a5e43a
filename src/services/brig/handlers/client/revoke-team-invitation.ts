import { userOf } from '../../callers.ts'
import { deleteInvitation } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { mayManageMembers } from '../../team-rules.ts'
import type { ClientHandler } from '../handler.ts'

export const revokeTeamInvitation =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'revoke-team-invitation'> =>
  async ({ params: { team, invitation } }, { caller }) => {
    const user = await userOf(db, caller)
    if (user.team_id !== team || !mayManageMembers(user.team_role)) return { outcome: 'insufficient-permissions' }
    await deleteInvitation(db, team, invitation)
    return { outcome: 'revoked' }
  }
