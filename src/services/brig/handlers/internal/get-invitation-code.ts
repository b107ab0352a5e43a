import { findInvitation } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const getInvitationCode =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'get-invitation-code'> =>
  async ({ query }) => {
    const invitation = await findInvitation(db, query.team, query.invitation_id)
    return invitation ? { outcome: 'found', body: { code: invitation.code } } : { outcome: 'not-found' }
  }
