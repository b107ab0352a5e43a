import type { Domain } from '#src/contract/ids.ts'
import { publicProfile } from '../../profiles.ts'
import { findUsers } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const getUsersByIds =
  ({ db, domain }: Needs): FederationHandler<'get-users-by-ids'> =>
  async (ids) =>
    (await findUsers(db, ids)).map((user) => publicProfile(user, domain))
