/** Who may open an account, and as what (client-auth.md §2.3). */
import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf } from '#src/kit/endpoint.ts'
import { activationKey, type CodeNeeds, tryCode } from './codes.ts'
import { type Email, parseEmail } from './email.ts'
import { GUESTS_FROM_ADDRESS } from './limits.ts'
import { countMail, type MailingNeeds } from './mailing.ts'
import type { StoredCode } from './store-codes.ts'
import { findInvitationByCode, type StoredInvitation } from './store-teams.ts'
import { findUserByEmail } from './store-users.ts'
import { invitationsSince } from './teams.ts'
import { networkOf, throttle } from './throttle.ts'

export type NewAccount = InputOf<(typeof brigClient)['register']>['body']

export interface Admission {
  /** Without one they are guests. */
  readonly email: Email | undefined
  /** Whether the address was shown to be theirs; otherwise it waits for that. */
  readonly isProven: boolean
  /** Used up by registering. */
  readonly code?: StoredCode
  readonly invitation?: StoredInvitation
}

export type NotAdmitted =
  | 'bad-request'
  | 'invalid-email'
  | 'email-taken'
  | 'invalid-code'
  | 'invalid-invitation-code'
  | 'missing-identity'
  | 'no-guests'
  | 'restricted'
  | 'unavailable'

export interface AccountPolicy {
  /** `invited`: only who was invited to a team may open an account. */
  readonly registration: 'open' | 'invited'
  readonly guests: boolean
}

export interface AdmissionNeeds extends MailingNeeds {
  readonly codes: CodeNeeds
  readonly policy: AccountPolicy
}

export const admit = async (
  needs: AdmissionNeeds,
  account: NewAccount,
  address: string | undefined,
): Promise<Admission | NotAdmitted> => {
  const ways = [account.team, account.team_code, account.invitation_code].filter((way) => way !== undefined)
  if (ways.length > 1) return 'bad-request'
  const invitation = account.team_code ?? account.invitation_code
  if (invitation !== undefined) return admitInvited(needs, account, invitation)
  if (account.email === undefined) return admitGuest(needs, account, address)
  if (needs.policy.registration === 'invited') return 'restricted'
  if (account.expires_in !== undefined) return 'bad-request'
  const email = parseEmail(account.email)
  if (!email) return 'invalid-email'
  return admitByEmail(needs, { email, digits: account.email_code, address })
}

/** With a code the address is theirs; without one it will be, when they show it. */
const admitByEmail = async (
  needs: AdmissionNeeds,
  { email, digits, address }: { email: Email; digits: string | undefined; address: string | undefined },
): Promise<Admission | NotAdmitted> => {
  const { db, codes, mailer } = needs
  const { headlessCode, clock } = codes
  // Development mode: one code is good for all, and none is as good (client-auth.md §2.4).
  if (headlessCode !== undefined) {
    return (digits ?? headlessCode) === headlessCode ? { email, isProven: true } : 'invalid-code'
  }
  if (!mailer.isOpen) return 'unavailable'
  if (digits === undefined) {
    if (await findUserByEmail(db, email.key)) return 'email-taken'
    await countMail(needs, { email, address })
    return { email, isProven: false }
  }
  const name = { purpose: 'activation' as const, key: activationKey(email) }
  const code = await tryCode(db, name, { digits, now: clock.now() })
  return code ? { email, isProven: true, code } : 'invalid-code'
}

/** The code was mailed to the address, so whoever has it has shown that the address is his. */
const admitInvited = async (
  { db, clock }: AdmissionNeeds,
  { email: typed, expires_in }: NewAccount,
  code: string,
): Promise<Admission | NotAdmitted> => {
  if (typed === undefined) return 'missing-identity'
  if (expires_in !== undefined) return 'bad-request'
  const email = parseEmail(typed)
  if (!email) return 'invalid-email'
  const invitation = await findInvitationByCode(db, code, invitationsSince(clock.now()))
  return invitation?.email_key === email.key ? { email, isProven: true, invitation } : 'invalid-invitation-code'
}

const admitGuest = async (
  { db, clock, mailer, policy }: AdmissionNeeds,
  { team }: NewAccount,
  address: string | undefined,
): Promise<Admission | NotAdmitted> => {
  if (team !== undefined) return 'missing-identity'
  if (!policy.guests || !mailer.isOpen) return 'no-guests'
  const limit = { rule: GUESTS_FROM_ADDRESS, subject: networkOf(address) }
  const wait = mailer.sendsMail ? await throttle(db, clock.now(), [limit]) : undefined
  return wait === undefined ? { email: undefined, isProven: false } : 'no-guests'
}
