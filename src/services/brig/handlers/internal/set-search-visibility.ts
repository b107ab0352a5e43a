import { updateTeam } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const setSearchVisibility =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'set-search-visibility'> =>
  async ({ params, body }) => {
    const isKnown = await db
      .transaction()
      .execute((tx) => updateTeam(tx, params.team, { search_visibility: body.search_visibility }))
    return isKnown ? { outcome: 'set' } : { outcome: 'no-team' }
  }
