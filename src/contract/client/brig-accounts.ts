/** Accounts, logging in, and the session that follows (client-auth.md §1 to §4). */
import { z } from 'zod'
import { Name, Timestamp, UserId } from '#src/contract/ids.ts'
import { opaqueText, set, text } from '#src/contract/shapes.ts'
import { TeamIcon, TeamName } from '#src/contract/teams.ts'
import { AccentId, BaseProtocol } from '#src/contract/vocabulary.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import {
  CODE_CHARACTERS_MAX,
  COOKIES_PER_TYPE_MAX,
  CURRENCY_CHARACTERS_MAX,
  GUEST_LIFETIME_SECONDS_MAX,
  INVITATION_CODE_CHARACTERS_MAX,
  LABEL_CHARACTERS_MAX,
  NEW_PASSWORD_CHARACTERS_MIN,
  OLD_PASSWORD_CHARACTERS_MIN,
  PASSWORD_CHARACTERS_MAX,
  TEAM_ICON_KEY_CHARACTERS_MAX,
} from './brig-limits.ts'
import { EmailText, Label, Locale, optionally, ProfileAssets, SelfProfile } from './brig-people.ts'

// Clients compare these texts, not only the label (client-api-versions.md §5.5): with any other a wrong password is
// taken for a dead session and the device logs itself out.
export const wrongPassword = failure(403, 'invalid-credentials', 'Authentication failed.')
export const missingCookie = failure(403, 'invalid-credentials', 'Missing cookie')
export const missingCookieAndToken = failure(403, 'invalid-credentials', 'Missing cookie and token')
export const missingToken = failure(403, 'invalid-credentials', 'Missing token')
export const invalidToken = failure(403, 'invalid-credentials', 'Invalid token')

export const invalidEmail = failure(400, 'invalid-email', 'This is not an e-mail address')
export const emailTaken = failure(409, 'key-exists', 'The given e-mail address is in use.')

const AccessToken = z.object({
  user: UserId,
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().positive(),
})

/** Whoever registers with it becomes its owner. */
const NewTeam = z.object({
  name: TeamName,
  icon: TeamIcon,
  icon_key: optionally(text(1, TEAM_ICON_KEY_CHARACTERS_MAX)),
  currency: optionally(z.string().max(CURRENCY_CHARACTERS_MAX)),
})

const NewAccount = z.object({
  name: Name,
  email: optionally(EmailText).describe('Without one the account is an anonymous guest.'),
  email_code: optionally(opaqueText(CODE_CHARACTERS_MAX)),
  password: optionally(text(NEW_PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX)),
  accent_id: optionally(AccentId),
  assets: optionally(ProfileAssets),
  locale: optionally(Locale),
  label: optionally(Label),
  expires_in: optionally(z.int().min(1).max(GUEST_LIFETIME_SECONDS_MAX)),
  supported_protocols: optionally(set(BaseProtocol, 16)),
  team: optionally(NewTeam),
  team_code: optionally(opaqueText(INVITATION_CODE_CHARACTERS_MAX)),
  invitation_code: optionally(opaqueText(INVITATION_CODE_CHARACTERS_MAX)),
  managed_by: optionally(z.literal('wire')),
  uuid: z.null().optional(),
  sso_id: z.null().optional(),
})

const Login = z
  .object({
    email: optionally(EmailText),
    handle: optionally(z.string().max(LABEL_CHARACTERS_MAX)),
    password: text(OLD_PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX),
    label: optionally(Label),
  })
  .refine(({ email, handle }) => (email === undefined) !== (handle === undefined), 'give either email or handle')

const Cookie = z.object({
  id: z.int().nonnegative(),
  type: z.enum(['session', 'persistent']),
  created: Timestamp,
  expires: Timestamp,
  label: z.string().nullable(),
  successor: z.int().nonnegative().nullable(),
})

const registration = {
  'send-activation-code': endpoint('Mail a code that proves an address.', {
    method: 'POST',
    path: '/activate/send',
    access: 'public',
    body: z.object({ email: EmailText, locale: optionally(Locale) }),
    answers: {
      sent: empty(200, 'In development mode the code is the configured one and nothing is mailed.'),
      'invalid-email': invalidEmail,
      unavailable: failure(403, 'unauthorized', 'This backend cannot send e-mail, so no address can be activated'),
      'email-taken': emailTaken,
    },
  }),

  register: endpoint('Create an account and log in to it.', {
    method: 'POST',
    path: '/register',
    access: 'public',
    body: NewAccount,
    answers: {
      created: answer(201, SelfProfile, 'With the zuid cookie, and the id as Location.'),
      'bad-request': failure(400, 'bad-request', 'These wishes contradict each other'),
      'invalid-email': invalidEmail,
      'invalid-invitation-code': failure(400, 'invalid-invitation-code', 'Invalid invitation code.'),
      restricted: failure(403, 'user-creation-restricted', 'Accounts are opened by invitation on this backend'),
      'missing-identity': failure(
        403,
        'missing-identity',
        'Using an invitation code requires registering the given email.',
      ),
      'too-many-team-members': failure(403, 'too-many-team-members', 'Too many members in this team.'),
      'no-guests': failure(403, 'ephemeral-user-creation-disabled', 'This backend does not take anonymous guests'),
      unavailable: failure(403, 'unauthorized', 'This backend cannot send e-mail, so no address can be activated'),
      'invalid-code': failure(404, 'invalid-code', 'The e-mail code is wrong, or it was tried too often or too late'),
      'email-taken': emailTaken,
    },
  }),
}

const sessions = {
  login: endpoint('Log in with a password.', {
    method: 'POST',
    path: '/login',
    access: 'public',
    query: z.object({ persist: z.enum(['true', 'false']).optional() }),
    body: Login,
    answers: {
      'logged-in': answer(200, AccessToken, 'With the zuid cookie.'),
      'wrong-password': wrongPassword,
      suspended: failure(403, 'suspended', 'Account suspended.'),
      'pending-activation': failure(403, 'pending-activation', 'Account pending activation'),
      'too-many-failures': failure(403, 'client-error', 'Too many failed logins'),
      'too-frequent': failure(429, 'client-error', 'Logins too frequent'),
    },
  }),

  // Never 401: stock clients answer that by calling this again, for ever (client-api-versions.md §5.4).
  'renew-access': endpoint('Get a new access token for the session of the cookie, and bind a device to it.', {
    method: 'POST',
    path: '/access',
    access: 'public',
    query: z.object({ client_id: z.string().max(LABEL_CHARACTERS_MAX).optional() }),
    answers: {
      renewed: answer(200, AccessToken, 'With a zuid cookie only when there is a new one.'),
      'missing-cookie': missingCookie,
      'missing-cookie-and-token': missingCookieAndToken,
      'invalid-token': invalidToken,
    },
  }),

  logout: endpoint('End the session of the cookie.', {
    method: 'POST',
    path: '/access/logout',
    access: 'public',
    answers: {
      'logged-out': empty(200),
      'missing-cookie': missingCookie,
      'missing-cookie-and-token': missingCookieAndToken,
      'missing-token': missingToken,
      'invalid-token': invalidToken,
    },
  }),

  'list-cookies': endpoint('The sessions of an account.', {
    method: 'GET',
    path: '/cookies',
    access: 'token',
    query: z.object({
      labels: z
        .string()
        .max(32 * LABEL_CHARACTERS_MAX)
        .optional(),
    }),
    answers: { found: answer(200, z.object({ cookies: z.array(Cookie).max(2 * COOKIES_PER_TYPE_MAX) })) },
  }),
}

export const brigAccounts = { ...registration, ...sessions }
