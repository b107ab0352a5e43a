import { shownConnection } from '../../connections.ts'
import type { Domain } from '#src/contract/ids.ts'
import { findConnection } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const getConnection =
  ({ db, domain: ownDomain }: Needs): ClientHandler<'get-connection'> =>
  async ({ params: { domain = ownDomain, user } }, { caller }) => {
    const connection = await findConnection(db, caller.user, { domain, id: user })
    return connection ? { outcome: 'found', body: shownConnection(connection) } : { outcome: 'not-found' }
  }
