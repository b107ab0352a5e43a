import type { KnownRemotes } from '../../known-remotes.ts'
import { deleteRemoteTeam } from '../../store-remotes.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const removeRemoteTeam =
  ({ db, known }: { readonly db: BrigDb; readonly known: KnownRemotes }): InternalHandler<'remove-remote-team'> =>
  async ({ params: { domain, team } }) => {
    await deleteRemoteTeam(db, domain, team)
    known.forget()
    return { outcome: 'done', body: [] }
  }
