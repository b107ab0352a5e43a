/** Which handler serves what an account is opened, entered and ended by. */
import type { DeletionNeeds } from './account-deletion.ts'
import type { AccountPolicy } from './admission.ts'
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
import { activate } from './handlers/client/activate.ts'
import { activateByLink } from './handlers/client/activate-by-link.ts'
import { changeEmail } from './handlers/client/change-email.ts'
import { removeEmail } from './handlers/client/remove-email.ts'
import { changePassword } from './handlers/client/change-password.ts'
import { requestPasswordReset } from './handlers/client/request-password-reset.ts'
import { completePasswordReset } from './handlers/client/complete-password-reset.ts'
import { removeCookies } from './handlers/client/remove-cookies.ts'
import { sendVerificationCode } from './handlers/client/send-verification-code.ts'
import { getDomainRegistration } from './handlers/client/get-domain-registration.ts'
import { getSsoSettings } from './handlers/client/get-sso-settings.ts'
import { findCustomBackend } from './handlers/client/find-custom-backend.ts'
import type { Mailer } from './mailer.ts'
import type { SessionNeeds } from './sessions.ts'

export interface AccountNeeds extends CredentialNeeds, DeletionNeeds {
  readonly codes: CodeNeeds
  readonly mailer: Mailer
  readonly sessions: SessionNeeds
  readonly policy: AccountPolicy
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
  activate: activate(needs),
  'activate-by-link': activateByLink(needs),
  'change-email': changeEmail(needs),
  'remove-email': removeEmail(needs),
  'change-password': changePassword(needs),
  'request-password-reset': requestPasswordReset(needs),
  'complete-password-reset': completePasswordReset(needs),
  'remove-cookies': removeCookies(needs),
  'send-verification-code': sendVerificationCode,
  'get-domain-registration': getDomainRegistration,
  'get-sso-settings': getSsoSettings,
  'find-custom-backend': findCustomBackend,
})
