import type { brigClient } from '#src/contract/client/brig.ts'
import type { OutcomeOf } from '#src/kit/endpoint.ts'
import { type Domain, TeamId, UserId } from '#src/contract/ids.ts'
import { type Admission, type AdmissionNeeds, admit, type NewAccount } from '../../admission.ts'
import type { Announcements, Cause } from '../../announcements.ts'
import { activationKey, issueCode } from '../../codes.ts'
import { ACCOUNT_ACTIVATION_SECONDS } from '../../limits.ts'
import type { Mail } from '../../mailer.ts'
import { activationMail } from '../../mails.ts'
import type { Passwords } from '../../passwords.ts'
import { selfProfile } from '../../profiles.ts'
import { plusSeconds } from '../../session-rules.ts'
import { beginSession, type SessionNeeds, setCookie } from '../../sessions.ts'
import { deleteCode } from '../../store-codes.ts'
import { deleteInvitation, findInvitation, insertTeam, type StoredInvitation } from '../../store-teams.ts'
import { findUser, insertUser, updateUser } from '../../store-users.ts'
import type { BrigTransaction } from '../../tables.ts'
import { announceJoin, membership, NO_TEAM, placeInTeam } from '../../teams.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends AdmissionNeeds {
  readonly domain: Domain
  readonly passwords: Passwords
  readonly sessions: SessionNeeds
  readonly announcements: Announcements
}

type Outcome = OutcomeOf<(typeof brigClient)['register']>

export const register =
  (needs: Needs): PublicHandler<'register'> =>
  async ({ body }, { requestId, address }) => {
    const { db, passwords, mailer } = needs
    const admitted = await admit(needs, body, address)
    if (typeof admitted === 'string') return { outcome: admitted }
    const passwordHash = body.password === undefined ? null : await passwords.hash(body.password)
    const creation = { account: body, admitted, passwordHash, cause: { requestId } }
    const { outcome, mail } = await db.transaction().execute((tx) => create(tx, needs, creation))
    // Whoever does not get it asks for another one; the account is there.
    if (mail) mailer.sendLater(mail)
    return outcome
  }

interface Created {
  readonly outcome: Outcome
  readonly mail?: Mail
}

interface Creation {
  readonly account: NewAccount
  readonly admitted: Admission
  readonly passwordHash: string | null
  readonly cause: Cause
}

const create = async (tx: BrigTransaction, needs: Needs, creation: Creation): Promise<Created> => {
  const { sessions, domain } = needs
  const { account, admitted } = creation
  const refused = admitted.invitation && (await refuseInvited(tx, admitted.invitation))
  if (refused) return { outcome: { outcome: refused } }
  if (admitted.code && !(await deleteCode(tx, admitted.code))) return { outcome: { outcome: 'invalid-code' } }
  const now = sessions.clock.now()
  const id = UserId.parse(sessions.random.uuid())
  if (!(await insertUser(tx, { id, ...columnsOf(creation, now) }))) return { outcome: { outcome: 'email-taken' } }
  await joinTeam(tx, needs, { ...creation, id, now })
  const type = admitted.email ? 'persistent' : 'session'
  const begun = await beginSession(tx, sessions, { user: id, type, label: account.label })
  const user = await findUser(tx, id)
  if (!user || 'retryAfterSeconds' in begun) throw new Error('a new account has no session')
  const mail = await activationFor(tx, needs, { id, admitted })
  return {
    outcome: {
      outcome: 'created',
      body: selfProfile(user, domain),
      headers: { ...setCookie(sessions, begun.session), location: id },
    },
    ...(mail && { mail }),
  }
}

/** For an address that was not shown to be theirs yet. */
const activationFor = async (
  tx: BrigTransaction,
  { codes }: Needs,
  { id, admitted: { email, isProven } }: { readonly id: UserId; readonly admitted: Admission },
): Promise<Mail | undefined> => {
  if (!email || isProven) return undefined
  const code = await issueCode(tx, codes, {
    purpose: 'activation',
    key: activationKey(email),
    user: id,
    email,
    lifetimeSeconds: ACCOUNT_ACTIVATION_SECONDS,
  })
  return activationMail({ to: email.shown, code })
}

/** Locks the team, so that of two who follow one invitation at the same time only one does. */
const refuseInvited = async (
  tx: BrigTransaction,
  { id, team_id: team }: StoredInvitation,
): Promise<'too-many-team-members' | 'invalid-invitation-code' | undefined> => {
  const place = await placeInTeam(tx, team)
  if (place === 'full') return 'too-many-team-members'
  return (await findInvitation(tx, team, id)) ? undefined : 'invalid-invitation-code'
}

const columnsOf = ({ account, admitted: { email, isProven }, passwordHash }: Creation, now: Date) => ({
  name: account.name,
  handle: null,
  email: isProven && email ? email.shown : null,
  email_key: isProven && email ? email.key : null,
  email_unvalidated: isProven || !email ? null : email.shown,
  password_hash: passwordHash,
  accent_id: account.accent_id ?? 0,
  locale: account.locale ?? 'en',
  text_status: null,
  assets: JSON.stringify(account.assets ?? []),
  supported_protocols: JSON.stringify(account.supported_protocols ?? ['proteus']),
  status: email ? ('active' as const) : ('ephemeral' as const),
  expires_at: account.expires_in === undefined ? null : plusSeconds(now, account.expires_in),
  created_at: now,
  ...NO_TEAM,
})

/** The team that the new account was invited to, or founds. */
const joinTeam = async (
  tx: BrigTransaction,
  { sessions: { random }, announcements }: Needs,
  { id, account, admitted: { invitation }, now, cause }: Creation & { readonly id: UserId; readonly now: Date },
): Promise<void> => {
  if (invitation) {
    const { team_id: team, role, created_by: invitedBy } = invitation
    await deleteInvitation(tx, team, invitation.id)
    await updateUser(tx, id, membership(team, { role, invitedBy, now }))
    await announceJoin(tx, announcements, { user: id, team, now, cause })
  } else if (account.team) {
    const { name, icon, icon_key } = account.team
    const team = TeamId.parse(random.uuid())
    await insertTeam(tx, { id: team, name, icon, icon_key: icon_key ?? null, creator: id, created_at: now })
    await updateUser(tx, id, membership(team, { role: 'owner', invitedBy: null, now }))
  }
}
