import type { Domain } from '#src/contract/ids.ts'
import { localUser } from '../../profiles.ts'
import { findUsers } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const getUsers =
  ({ db, domain }: Needs): InternalHandler<'get-users'> =>
  async ({ body }) => {
    const users = await findUsers(db, body.users)
    return { outcome: 'found', body: users.map((user) => localUser(user, domain)) }
  }
