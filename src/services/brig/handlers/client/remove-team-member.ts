import { deleteAccount, type DeletionNeeds } from '../../account-deletion.ts'
import { userOf } from '../../callers.ts'
import { type CredentialNeeds, reauthenticate } from '../../credentials.ts'
import { findTeam, findTeamMember } from '../../store-teams.ts'
import { mayManageMembers, mayRemove } from '../../team-rules.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends CredentialNeeds, DeletionNeeds {}

export const removeTeamMember =
  (needs: Needs): ClientHandler<'remove-team-member'> =>
  async ({ params: { team, user: id }, body }, { caller, requestId, address }) => {
    const { db } = needs
    const remover = await userOf(db, caller)
    if (!(await findTeam(db, team))) return { outcome: 'no-team' }
    if (remover.team_id !== team) return { outcome: 'no-team-member' }
    if (!mayManageMembers(remover.team_role)) return { outcome: 'operation-denied' }
    if (await reauthenticate(needs, remover, { password: body.password, address })) return { outcome: 'access-denied' }
    return needs.changes.change(id, requestId, async (tx) => {
      const member = await findTeamMember(tx, team, id)
      if (!member) return { outcome: 'not-found' }
      if (!mayRemove(remover, member)) return { outcome: 'access-denied' }
      await deleteAccount(tx, needs, { id, cause: { requestId, caller } })
      return { outcome: 'accepted' }
    })
  }
