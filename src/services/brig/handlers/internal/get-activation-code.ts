import { activationKey } from '../../codes.ts'
import { parseEmail } from '../../email.ts'
import type { InternalHandler } from '../handler.ts'

export const getActivationCode =
  ({ headlessCode }: { readonly headlessCode: string | undefined }): InternalHandler<'get-activation-code'> =>
  async ({ query }) => {
    const email = parseEmail(query.email)
    if (!email || headlessCode === undefined) return { outcome: 'not-found' }
    return { outcome: 'found', body: { key: activationKey(email), code: headlessCode } }
  }
