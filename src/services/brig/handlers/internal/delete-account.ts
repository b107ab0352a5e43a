import { deleteAccount as end, type DeletionNeeds } from '../../account-deletion.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs extends DeletionNeeds {
  readonly db: BrigDb
}

export const deleteAccount =
  (needs: Needs): InternalHandler<'delete-account'> =>
  async ({ params: { user: id } }, { requestId }) => {
    const queued = await needs.changes.change(id, requestId, (tx) => end(tx, needs, { id, cause: { requestId } }))
    return { outcome: queued === undefined ? 'not-found' : 'deleted' }
  }
