import { findProperties } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const listProperties =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'list-properties'> =>
  async (_input, { caller }) => ({
    outcome: 'found',
    body: (await findProperties(db, caller.user)).map(({ key }) => key),
  })
