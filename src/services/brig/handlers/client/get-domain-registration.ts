import { parseEmail } from '../../email.ts'
import type { PublicHandler } from '../handler.ts'

/** No domain belongs to anybody in particular here: everybody registers in the same way. */
export const getDomainRegistration: PublicHandler<'get-domain-registration'> = async ({ body }) =>
  parseEmail(body.email) ? { outcome: 'found', body: { domain_redirect: 'none' } } : { outcome: 'invalid-domain' }
