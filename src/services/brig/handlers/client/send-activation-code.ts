import { parseEmail } from '../../email.ts'
import { findUserByEmail } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly headlessCode: string | undefined
}

export const sendActivationCode =
  ({ db, headlessCode }: Needs): PublicHandler<'send-activation-code'> =>
  async ({ body }) => {
    const email = parseEmail(body.email)
    if (!email) return { outcome: 'invalid-email' }
    if (headlessCode === undefined) return { outcome: 'unavailable' }
    return (await findUserByEmail(db, email.key)) ? { outcome: 'email-taken' } : { outcome: 'sent' }
  }
