/** Which handler serves what an account is opened, entered and ended by. */
import type { DeletionNeeds } from './account-deletion.ts'
import type { CodeNeeds } from './codes.ts'
import type { CredentialNeeds } from './credentials.ts'
import { confirmDeletion } from './handlers/client/confirm-deletion.ts'
import { deleteSelf } from './handlers/client/delete-self.ts'
import { hasPassword } from './handlers/client/has-password.ts'
import { listCookies } from './handlers/client/list-cookies.ts'
import { login } from './handlers/client/login.ts'
import { logout } from './handlers/client/logout.ts'
import { register } from './handlers/client/register.ts'
import { renewAccess } from './handlers/client/renew-access.ts'
import { sendActivationCode } from './handlers/client/send-activation-code.ts'
import type { Mailer } from './mailer.ts'
import type { SessionNeeds } from './sessions.ts'

export interface AccountNeeds extends CredentialNeeds, DeletionNeeds {
  readonly codes: CodeNeeds
  readonly mailer: Mailer
  readonly sessions: SessionNeeds
  readonly headlessCode: string | undefined
}

export const accountHandlers = (needs: AccountNeeds) => ({
  'send-activation-code': sendActivationCode(needs),
  register: register(needs),
  login: login(needs),
  'renew-access': renewAccess(needs),
  logout: logout(needs),
  'list-cookies': listCookies(needs),
  'has-password': hasPassword(needs),
  'delete-self': deleteSelf(needs),
  'confirm-deletion': confirmDeletion(needs),
})
