import { findProperties } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const getProperties =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-properties'> =>
  async (_input, { caller }) => {
    const found = await findProperties(db, caller.user)
    return { outcome: 'found', body: Object.fromEntries(found.map(({ key, value }) => [key, JSON.parse(value)])) }
  }
