import type { Domain } from '#src/contract/ids.ts'
import { publicProfile } from '../../profiles.ts'
import { findUsers, findUsersByHandles } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const listLocalUsers =
  ({ db, domain }: Needs): ClientHandler<'list-local-users'> =>
  async ({ query: { ids, handles } }) => {
    const users = handles ? await findUsersByHandles(db, handles) : await findUsers(db, ids ?? [])
    return { outcome: 'listed', body: users.map((user) => publicProfile(user, domain)) }
  }
