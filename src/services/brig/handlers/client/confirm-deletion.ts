import { deleteAccount, type DeletionNeeds } from '../../account-deletion.ts'
import { tryCode } from '../../codes.ts'
import { deleteCode } from '../../store-codes.ts'
import type { BrigDb } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs extends DeletionNeeds {
  readonly db: BrigDb
}

export const confirmDeletion =
  (needs: Needs): PublicHandler<'confirm-deletion'> =>
  async ({ body }, { requestId }) => {
    const { db, clock } = needs
    const name = { purpose: 'deletion' as const, key: body.key }
    const code = await tryCode(db, name, { digits: body.code, now: clock.now() })
    const id = code?.user_id
    if (!code || !id) return { outcome: 'invalid-code' }
    return needs.changes.change(id, requestId, async (tx) => {
      if (!(await deleteCode(tx, code))) return { outcome: 'invalid-code' }
      await deleteAccount(tx, needs, { id, cause: { requestId } })
      return { outcome: 'deleted' }
    })
  }
