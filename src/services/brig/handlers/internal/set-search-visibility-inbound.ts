import { updateTeam } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const setSearchVisibilityInbound =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'set-search-visibility-inbound'> =>
  async ({ params, body: { status } }) => {
    const isKnown = await db
      .transaction()
      .execute((tx) => updateTeam(tx, params.team, { is_inbound_searchable: status === 'enabled' }))
    return isKnown ? { outcome: 'set', body: { status } } : { outcome: 'no-team' }
  }
