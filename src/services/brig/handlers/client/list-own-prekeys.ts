import { findPrekeyIds } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const listOwnPrekeys =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'list-own-prekeys'> =>
  async ({ params }, { caller }) => ({ outcome: 'found', body: await findPrekeyIds(db, caller.user, params.client) })
