import type { Domain } from '#src/contract/ids.ts'
import { findConnectionsOf, findConnectionsTo } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const getConnectionsOf =
  ({ db, domain }: Needs): InternalHandler<'get-connections-of'> =>
  async ({ body: { from, to } }) => {
    const ours = await findConnectionsOf(db, from, to)
    const locals = ours.flatMap(({ other_domain, other_id }) => (other_domain === domain ? [other_id] : []))
    const theirs = await findConnectionsTo(db, { domain, id: from }, locals)
    const theirStatus = new Map(theirs.map(({ user_id: user, status }) => [user, status]))
    const body = ours.map((row) => ({
      to: { domain: row.other_domain, id: row.other_id },
      status: row.status,
      conversation: { domain: row.conversation_domain, id: row.conversation_id },
      other_status: row.other_domain === domain ? (theirStatus.get(row.other_id) ?? null) : null,
    }))
    return { outcome: 'found', body }
  }
