import type { Domain } from '#src/contract/ids.ts'
import { userOf } from '../../callers.ts'
import { selfProfile } from '../../profiles.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const getSelf =
  ({ db, domain }: Needs): ClientHandler<'get-self'> =>
  async (_input, { caller }) => ({ outcome: 'found', body: selfProfile(await userOf(db, caller), domain) })
