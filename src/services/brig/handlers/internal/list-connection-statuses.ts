import { CONNECTION_STATUSES_MAX } from '#src/contract/internal/brig.ts'
import { listStatuses } from '../../store-connections.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const listConnectionStatuses =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'list-connection-statuses'> =>
  async ({ body: { from, to, relation } }) => {
    const wanted = { from, to: to ?? undefined, status: relation ?? undefined }
    const rows = await listStatuses(db, wanted, CONNECTION_STATUSES_MAX + 1)
    // Half a list would be taken for the whole.
    if (rows.length > CONNECTION_STATUSES_MAX) return { outcome: 'too-many' }
    const body = rows.map(({ user_id, other_domain, other_id, status }) => ({
      from: user_id,
      qualified_to: { domain: other_domain, id: other_id },
      status,
    }))
    return { outcome: 'found', body }
  }
