import { findUser } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const getAccountStatus =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'get-account-status'> =>
  async ({ params }) => {
    const user = await findUser(db, params.user)
    return user ? { outcome: 'found', body: { status: user.status } } : { outcome: 'not-found' }
  }
