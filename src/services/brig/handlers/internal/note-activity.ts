import { setLastActive } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const noteActivity =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'note-activity'> =>
  async ({ body: { user, client, until } }) => {
    await setLastActive(db, { user, client }, new Date(until))
    return { outcome: 'noted' }
  }
