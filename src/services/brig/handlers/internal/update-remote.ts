import type { KnownRemotes } from '../../known-remotes.ts'
import { deleteRemoteTeams, findRemote, putRemote } from '../../store-remotes.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly known: KnownRemotes
}

/** Unlike adding it again, this replaces the list of teams. */
export const updateRemote =
  ({ db, known }: Needs): InternalHandler<'update-remote'> =>
  async ({ params: { domain }, body: remote }) => {
    const isChangeable = remote.domain === domain && !known.configured(domain) && (await findRemote(db, domain))
    if (!isChangeable) return { outcome: 'refused' }
    await db.transaction().execute(async (tx) => {
      await deleteRemoteTeams(tx, domain)
      await putRemote(tx, remote)
    })
    known.forget()
    return { outcome: 'done', body: [] }
  }
