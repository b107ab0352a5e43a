/** Who may open an account, and as what (client-auth.md §2.3). */
import type { brigClient } from '#src/contract/client/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { InputOf } from '#src/kit/endpoint.ts'
import { type Email, parseEmail } from './email.ts'
import { findInvitationByCode, type StoredInvitation } from './store-teams.ts'
import type { BrigDb } from './tables.ts'
import { invitationsSince } from './teams.ts'

export type NewAccount = InputOf<(typeof brigClient)['register']>['body']

export interface Admission {
  /** Shown to be theirs; without one they are guests. */
  readonly email: Email | undefined
  readonly invitation: StoredInvitation | undefined
}

export type NotAdmitted =
  | 'bad-request'
  | 'invalid-email'
  | 'invalid-code'
  | 'invalid-invitation-code'
  | 'missing-identity'
  | 'no-guests'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
  /** The one e-mail code there is, for development; without it nobody can register (client-auth.md §2.4). */
  readonly headlessCode: string | undefined
}

export const admit = async (needs: Needs, account: NewAccount): Promise<Admission | NotAdmitted> => {
  const code = account.team_code ?? account.invitation_code
  if (code !== undefined) return admitInvited(needs, account, code)
  if (account.email === undefined) return admitGuest(needs, account)
  if (account.expires_in !== undefined) return 'bad-request'
  const email = parseEmail(account.email)
  if (!email) return 'invalid-email'
  const { headlessCode } = needs
  const isProven = headlessCode !== undefined && (account.email_code ?? headlessCode) === headlessCode
  return isProven ? { email, invitation: undefined } : 'invalid-code'
}

/** The code was mailed to the address, so whoever has it has shown that the address is his. */
const admitInvited = async (
  { db, clock }: Needs,
  { email: typed, expires_in }: NewAccount,
  code: string,
): Promise<Admission | NotAdmitted> => {
  if (typed === undefined) return 'missing-identity'
  if (expires_in !== undefined) return 'bad-request'
  const email = parseEmail(typed)
  if (!email) return 'invalid-email'
  const invitation = await findInvitationByCode(db, code, invitationsSince(clock.now()))
  return invitation?.email_key === email.key ? { email, invitation } : 'invalid-invitation-code'
}

const admitGuest = ({ headlessCode }: Needs, { team }: NewAccount): Admission | NotAdmitted => {
  if (team !== undefined) return 'missing-identity'
  return headlessCode === undefined ? 'no-guests' : { email: undefined, invitation: undefined }
}
