import type { RemoteConfig } from '#src/contract/internal/remotes.ts'
import { isSameRemote } from '../../federation-rules.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import { REMOTES_MAX } from '../../limits.ts'
import { countRemotes, findRemote, putRemote } from '../../store-remotes.ts'
import type { BrigDb, BrigTransaction } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly known: KnownRemotes
}

/** One that is configured cannot be changed, but adding it as it is does no harm. */
export const addRemote =
  ({ db, known }: Needs): InternalHandler<'add-remote'> =>
  async ({ body: remote }) => {
    const fixed = known.configured(remote.domain)
    const isAccepted = fixed
      ? isSameRemote(fixed, remote)
      : await db.transaction().execute((tx) => putWithinLimit(tx, remote))
    known.forget()
    return isAccepted ? { outcome: 'done', body: [] } : { outcome: 'refused' }
  }

const putWithinLimit = async (tx: BrigTransaction, remote: RemoteConfig): Promise<boolean> => {
  const isNew = !(await findRemote(tx, remote.domain))
  if (isNew && (await countRemotes(tx)) >= REMOTES_MAX) return false
  await putRemote(tx, remote)
  return true
}
