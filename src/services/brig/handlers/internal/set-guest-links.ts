import { updateTeam } from '../../store-teams.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const setGuestLinks =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'set-guest-links'> =>
  async ({ params, body: { status } }) => {
    const isKnown = await db
      .transaction()
      .execute((tx) => updateTeam(tx, params.team, { has_guest_links: status === 'enabled' }))
    return isKnown ? { outcome: 'set', body: { status } } : { outcome: 'no-team' }
  }
