import {
  PROPERTIES_MAX,
  PROPERTY_KEY_CHARACTERS_MAX,
  PROPERTY_VALUE_CHARACTERS_MAX,
} from '#src/contract/client/brig-limits.ts'
import type { Announcements } from '../../announcements.ts'
import { lockUser, userOf } from '../../callers.ts'
import { findProperties, putProperty } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly announcements: Announcements
}

export const setProperty =
  ({ db, announcements }: Needs): ClientHandler<'set-property'> =>
  async ({ params: { key }, body }, { caller, requestId }) => {
    if (key.length > PROPERTY_KEY_CHARACTERS_MAX || !/^[\x20-\x7e]+$/.test(key)) return { outcome: 'key-too-large' }
    const value = JSON.stringify(body)
    if (value.length > PROPERTY_VALUE_CHARACTERS_MAX) return { outcome: 'value-too-large' }
    const { id } = await userOf(db, caller)
    return db.transaction().execute(async (tx) => {
      await lockUser(tx, id)
      const others = (await findProperties(tx, id)).filter((property) => property.key !== key)
      if (others.length >= PROPERTIES_MAX) return { outcome: 'too-many' }
      await putProperty(tx, id, { key, value })
      const event = { type: 'user.properties-set', key, value: body }
      await announcements.push(tx, { users: [id], event }, { requestId, caller })
      return { outcome: 'stored' }
    })
  }
