import { shownConnection } from '../../connections.ts'
import { findConnection } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const getConnection =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-connection'> =>
  async ({ params: { domain, user } }, { caller }) => {
    const connection = await findConnection(db, caller.user, { domain, id: user })
    return connection ? { outcome: 'found', body: shownConnection(connection) } : { outcome: 'not-found' }
  }
