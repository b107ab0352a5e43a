import { userOf } from '../../callers.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const hasPassword =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'has-password'> =>
  async (_input, { caller }) => {
    const user = await userOf(db, caller)
    return { outcome: user.password_hash === null ? 'not-set' : 'set' }
  }
