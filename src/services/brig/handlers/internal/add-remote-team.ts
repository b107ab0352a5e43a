import type { KnownRemotes } from '../../known-remotes.ts'
import { addRemoteTeams, findRemote } from '../../store-remotes.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly known: KnownRemotes
}

export const addRemoteTeam =
  ({ db, known }: Needs): InternalHandler<'add-remote-team'> =>
  async ({ params: { domain }, body: { team_id: team } }) => {
    const remote = known.configured(domain) ? undefined : await findRemote(db, domain)
    if (remote?.restriction.tag !== 'restrict_by_team') return { outcome: 'refused' }
    await addRemoteTeams(db, domain, [team])
    known.forget()
    return { outcome: 'done', body: [] }
  }
