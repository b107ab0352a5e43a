/** What an account is known and entered by: address and password; and its end (client-auth.md §2.2, §5). */
import { z } from 'zod'
import { text } from '#src/contract/shapes.ts'
import { answer, empty, endpoint, failure } from '#src/kit/endpoint.ts'
import { wrongPassword } from './brig-accounts.ts'
import {
  CODE_CHARACTERS_MAX,
  CODE_KEY_CHARACTERS_MAX,
  OLD_PASSWORD_CHARACTERS_MIN,
  PASSWORD_CHARACTERS_MAX,
} from './brig-limits.ts'
import { optionally } from './brig-people.ts'

const Code = z.string().max(CODE_CHARACTERS_MAX)
const CodeKey = z.string().max(CODE_KEY_CHARACTERS_MAX)
const Password = text(OLD_PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX)

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

export const brigIdentity = { ...ending }
