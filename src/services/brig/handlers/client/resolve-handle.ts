import { type Domain, Handle } from '#src/contract/ids.ts'
import { findUserByHandle } from '../../store-users.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly domain: Domain
}

export const resolveHandle =
  ({ db, domain }: Needs): ClientHandler<'resolve-handle'> =>
  async ({ params }) => {
    const handle = Handle.safeParse(params.handle)
    const user = handle.success ? await findUserByHandle(db, handle.data) : undefined
    if (!user) return { outcome: 'not-found' }
    return { outcome: 'found', body: { user: user.id, qualified_user: { domain, id: user.id } } }
  }
