import { keyFor } from '../../codes.ts'
import { parseEmail } from '../../email.ts'
import { findUserByEmail } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly headlessCode: string | undefined
}

export const getPasswordResetCode =
  ({ db, headlessCode }: Needs): InternalHandler<'get-password-reset-code'> =>
  async ({ query }) => {
    const email = headlessCode === undefined ? undefined : parseEmail(query.email)
    const user = email && (await findUserByEmail(db, email.key))
    if (!user || headlessCode === undefined) return { outcome: 'not-found' }
    return { outcome: 'found', body: { key: keyFor('password-reset', user.id), code: headlessCode } }
  }
