import type { Clock } from '#src/kit/clock.ts'
import { findInvitationByCode } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import { invitationsSince, shownInvitation } from '../../teams.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
}

export const getInvitationInfo =
  ({ db, clock }: Needs): PublicHandler<'get-invitation-info'> =>
  async ({ query }) => {
    const invitation = await findInvitationByCode(db, query.code, invitationsSince(clock.now()))
    return invitation ? { outcome: 'found', body: shownInvitation(invitation) } : { outcome: 'invalid-invitation-code' }
  }
