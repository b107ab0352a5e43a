import { userOf } from '../../callers.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const getOwnName =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-own-name'> =>
  async (_input, { caller }) => {
    const { name } = await userOf(db, caller)
    return { outcome: 'found', body: { name } }
  }
