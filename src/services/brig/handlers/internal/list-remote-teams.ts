import type { KnownRemotes } from '../../known-remotes.ts'
import type { InternalHandler } from '../handler.ts'

export const listRemoteTeams =
  ({ known }: { readonly known: KnownRemotes }): InternalHandler<'list-remote-teams'> =>
  async ({ params: { domain } }) => {
    const teams = (await known.find(domain))?.restriction.value ?? []
    return { outcome: 'found', body: teams.map((team_id) => ({ team_id })) }
  }
