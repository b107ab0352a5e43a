/** What an account is known and entered by: address and password; and its end (client-auth.md §2.2, §5). */
import { z } from 'zod'
import { opaqueText, text } from '#src/contract/shapes.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import {
  emailTaken,
  invalidEmail,
  invalidToken,
  missingCookie,
  missingCookieAndToken,
  missingToken,
  wrongPassword,
} from './brig-accounts.ts'
import {
  CODE_CHARACTERS_MAX,
  CODE_KEY_CHARACTERS_MAX,
  COOKIES_PER_TYPE_MAX,
  NEW_PASSWORD_CHARACTERS_MIN,
  OLD_PASSWORD_CHARACTERS_MIN,
  PASSWORD_CHARACTERS_MAX,
} from './brig-limits.ts'
import { EmailText, Label, optionally } from './brig-people.ts'

const Code = opaqueText(CODE_CHARACTERS_MAX)
const CodeKey = opaqueText(CODE_KEY_CHARACTERS_MAX)
const Password = text(OLD_PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX)

const NewPassword = text(NEW_PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX)

const UINT32_MAX = 2 ** 32 - 1

const noIdentity = failure(403, 'no-identity', 'The user has no verified email')
const mustDiffer = failure(
  409,
  'password-must-differ',
  'For password change or reset, new and old password must be different.',
)

const activationAnswers = {
  activated: answer(200, z.object({ email: z.string(), first: z.boolean() }), '`first`: the account had no address.'),
  'would-activate': empty(200, 'What a dry run answers to the right code.'),
  'active-already': empty(204),
  'invalid-email': invalidEmail,
  'invalid-code': failure(404, 'invalid-code', 'Invalid activation code'),
  'email-taken': emailTaken,
}

const ending = {
  'delete-self': endpoint('Delete my account: with the password at once, else with a code that is mailed.', {
    method: 'DELETE',
    path: '/self',
    access: 'token',
    // Stock clients send no body when there is no password to send.
    body: z.object({ password: optionally(Password) }).default({ password: undefined }),
    answers: {
      deleted: empty(200),
      'code-mailed': answer(202, z.object({ expires_in: z.int().positive() }), 'Seconds; the code goes to `/delete`.'),
      'missing-auth': failure(403, 'missing-auth', 'Re-authentication via password required'),
      'wrong-password': wrongPassword,
      'pending-delete': failure(403, 'pending-delete', 'A verification code for account deletion is still pending'),
      'team-owner': failure(
        403,
        'no-self-delete-for-team-owner',
        'Team owners are not allowed to delete themselves; ask a fellow owner',
      ),
    },
  }),

  'confirm-deletion': endpoint('Delete an account by the code that was mailed for that.', {
    method: 'POST',
    path: '/delete',
    access: 'public',
    body: z.object({ key: CodeKey, code: Code }),
    answers: { deleted: empty(200), 'invalid-code': failure(403, 'invalid-code', 'Invalid verification code') },
  }),
}

const activation = {
  activate: endpoint('Show that an address is mine, by the code that was mailed to it.', {
    method: 'POST',
    path: '/activate',
    access: 'public',
    body: z
      .object({
        key: optionally(CodeKey),
        email: optionally(EmailText),
        code: Code,
        dryrun: optionally(z.boolean()).describe('Only checks the code; a wrong one counts all the same.'),
      })
      .refine(({ key, email }) => key !== undefined || email !== undefined, 'give key or email'),
    answers: activationAnswers,
  }),

  'activate-by-link': endpoint('The same, as a link.', {
    method: 'GET',
    path: '/activate',
    access: 'public',
    query: z.object({ key: CodeKey, code: Code }),
    answers: activationAnswers,
  }),

  // The cookie is demanded too: an access token alone must not be enough to take an account over.
  'change-email': endpoint('Give my account another address, once a code was mailed to it.', {
    method: 'PUT',
    path: '/access/self/email',
    access: 'public',
    body: z.object({ email: EmailText }),
    answers: {
      'code-mailed': empty(202),
      unchanged: empty(204),
      'invalid-email': invalidEmail,
      'email-taken': emailTaken,
      'missing-cookie': missingCookie,
      'missing-cookie-and-token': missingCookieAndToken,
      'missing-token': missingToken,
      'invalid-token': invalidToken,
    },
  }),

  'remove-email': endpoint('Take the address from my account.', {
    method: 'DELETE',
    path: '/self/email',
    access: 'token',
    answers: {
      'last-identity': failure(403, 'last-identity', 'The last user identity cannot be removed.'),
      'no-identity': noIdentity,
    },
  }),
}

const passwords = {
  'has-password': endpoint('Is a password set?', {
    method: 'HEAD',
    path: '/self/password',
    access: 'token',
    answers: { set: empty(200), 'not-set': empty(404) },
  }),

  'change-password': endpoint('Choose another password; ends all sessions.', {
    method: 'PUT',
    path: '/self/password',
    access: 'token',
    body: z.object({ new_password: NewPassword, old_password: optionally(Password) }),
    answers: {
      changed: empty(200),
      'wrong-password': wrongPassword,
      'no-identity': noIdentity,
      'must-differ': mustDiffer,
    },
  }),

  'request-password-reset': endpoint('Have a code mailed to choose another password with.', {
    method: 'POST',
    path: '/password-reset',
    access: 'public',
    body: z.object({ email: EmailText }),
    answers: { accepted: empty(201, 'Also when there is no such account.') },
  }),

  'complete-password-reset': endpoint('Choose another password by the code; ends all sessions.', {
    method: 'POST',
    path: '/password-reset/complete',
    access: 'public',
    params: z.object({ key: CodeKey.optional() }),
    body: z.object({ key: optionally(CodeKey), email: optionally(EmailText), code: Code, password: NewPassword }),
    // COMPAT(v7): the key stood in the path.
    aliases: [{ path: '/password-reset/{key}' }],
    answers: {
      reset: empty(200),
      'invalid-code': failure(400, 'invalid-code', 'Invalid password reset code.'),
      'invalid-key': failure(400, 'invalid-key', 'Invalid email or password reset key.'),
      'must-differ': mustDiffer,
    },
  }),

  'remove-cookies': endpoint('End sessions of mine.', {
    method: 'POST',
    path: '/cookies/remove',
    access: 'token',
    body: z.object({
      password: Password,
      labels: optionally(z.array(Label).max(2 * COOKIES_PER_TYPE_MAX)),
      ids: optionally(z.array(z.int().nonnegative().max(UINT32_MAX)).max(2 * COOKIES_PER_TYPE_MAX)),
    }),
    answers: { removed: empty(200), 'wrong-password': wrongPassword },
  }),
}

/** What clients ask before they show how to register and log in. */
const ways = {
  'send-verification-code': endpoint('Have a second factor mailed; nothing here asks for one.', {
    method: 'POST',
    path: '/verification-code/send',
    access: 'public',
    body: z.object({ action: z.enum(['create_scim_token', 'login', 'delete_team']), email: EmailText }),
    answers: { accepted: empty(200) },
  }),

  'get-domain-registration': endpoint('How people with addresses of a domain register.', {
    method: 'POST',
    path: '/get-domain-registration',
    access: 'public',
    body: z.object({ email: EmailText }),
    answers: {
      found: answer(200, z.object({ domain_redirect: z.literal('none') })),
      'invalid-domain': failure(400, 'invalid-domain', 'This is not an e-mail address'),
    },
  }),

  'get-sso-settings': endpoint('Whether there is single sign-on: no.', {
    method: 'GET',
    path: '/sso/settings',
    access: 'public',
    answers: { found: answer(200, z.object({ default_sso_code: z.null() })) },
  }),

  'find-custom-backend': endpoint('Whether a domain has a backend of its own.', {
    method: 'GET',
    path: '/custom-backend/by-domain/{domain}',
    access: 'public',
    params: z.object({ domain: z.string() }),
    answers: { none: failure(404, 'custom-backend-not-found', 'This domain has no backend of its own') },
  }),
}

export const brigIdentity = { ...activation, ...passwords, ...ending, ...ways }
