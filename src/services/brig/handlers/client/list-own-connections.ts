import type { Domain } from '#src/contract/ids.ts'
import { shownConnection } from '../../connections.ts'
import { listConnections } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const listOwnConnections =
  ({ db, domain }: Needs): ClientHandler<'list-own-connections'> =>
  async ({ query: { start, size } }, { caller }) => {
    const after = start && { domain, id: start }
    // Those of this backend come first, and one more than asked for tells whether there are more of them.
    const rows = await listConnections(db, { user: caller.user, ownDomain: domain }, { after, size: size + 1 })
    const own = rows.filter((row) => row.other_domain === domain)
    const body = { connections: own.slice(0, size).map(shownConnection), has_more: own.length > size }
    return { outcome: 'page', body }
  }
