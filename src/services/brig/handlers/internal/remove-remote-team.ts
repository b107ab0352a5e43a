import { deleteRemoteTeam } from '../../store-remotes.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const removeRemoteTeam =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'remove-remote-team'> =>
  async ({ params: { domain, team } }) => {
    await deleteRemoteTeam(db, domain, team)
    return { outcome: 'done', body: [] }
  }
