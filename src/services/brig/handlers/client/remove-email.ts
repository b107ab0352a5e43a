import { userOf } from '../../callers.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

/** An address is the only thing that accounts are known by here, so it is always the last. */
export const removeEmail =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'remove-email'> =>
  async (_input, { caller }) => {
    const { email } = await userOf(db, caller)
    return { outcome: email === null ? 'no-identity' : 'last-identity' }
  }
