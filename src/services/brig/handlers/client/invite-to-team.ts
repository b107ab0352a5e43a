import type { Random } from '#src/kit/random.ts'
import { userOf } from '../../callers.ts'
import { parseEmail } from '../../email.ts'
import { INVITATION_CODE_BYTES, TEAM_INVITATIONS_MAX } from '../../limits.ts'
import { countMail, type MailingNeeds } from '../../mailing.ts'
import { invitationMail } from '../../mails.ts'
import { countInvitations, deleteInvitationsBefore, lockTeam, putInvitation } from '../../store-teams.ts'
import { findUserByEmail } from '../../store-users.ts'
import { mayInviteAs } from '../../team-rules.ts'
import { invitationsSince, shownInvitation } from '../../teams.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends MailingNeeds {
  readonly random: Random
}

export const inviteToTeam =
  (needs: Needs): ClientHandler<'invite-to-team'> =>
  async ({ params: { team }, body }, { caller, address }) => {
    const { db, clock, random, mailer } = needs
    const inviter = await userOf(db, caller)
    const role = body.role ?? 'member'
    if (inviter.team_id !== team || !mayInviteAs(inviter.team_role, role)) {
      return { outcome: 'insufficient-permissions' }
    }
    const email = parseEmail(body.email)
    if (!email) return { outcome: 'invalid-email' }
    if (await findUserByEmail(db, email.key)) return { outcome: 'email-taken' }
    const invitation = {
      id: random.uuid(),
      team_id: team,
      email: email.shown,
      email_key: email.key,
      name: body.name ?? null,
      role,
      code: Buffer.from(random.bytes(INVITATION_CODE_BYTES)).toString('base64url'),
      created_by: inviter.id,
      created_at: clock.now(),
    }
    await countMail(needs, { email, address })
    const invited = await db.transaction().execute(async (tx) => {
      const inviting = await lockTeam(tx, team)
      await deleteInvitationsBefore(tx, team, invitationsSince(clock.now()))
      if ((await countInvitations(tx, team)) >= TEAM_INVITATIONS_MAX) return undefined
      await putInvitation(tx, invitation)
      return inviting
    })
    if (!invited) return { outcome: 'too-many' }
    const { shown: to } = email
    mailer.sendLater(invitationMail({ to, code: invitation.code, inviter: inviter.name, team: invited.name }))
    return {
      outcome: 'invited',
      body: shownInvitation(invitation),
      headers: { location: `/teams/${team}/invitations/${invitation.id}` },
    }
  }
