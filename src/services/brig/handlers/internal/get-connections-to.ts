import { findConnectionsTo } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const getConnectionsTo =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'get-connections-to'> =>
  async ({ body: { from, to } }) => {
    const rows = await findConnectionsTo(db, to, from)
    const body = rows.map(({ user_id, status, conversation_domain, conversation_id }) => ({
      from: user_id,
      status,
      conversation: { domain: conversation_domain, id: conversation_id },
    }))
    return { outcome: 'found', body }
  }
