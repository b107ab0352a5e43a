import { findProperty } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const getProperty =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-property'> =>
  async ({ params }, { caller }) => {
    const value = await findProperty(db, caller.user, params.key)
    return value === undefined ? { outcome: 'not-set' } : { outcome: 'found', body: JSON.parse(value) }
  }
