import { readPresented } from '../../presented.ts'
import type { SessionNeeds } from '../../sessions.ts'
import { deleteSessions } from '../../store-sessions.ts'
import type { BrigDb } from '../../tables.ts'
import type { PublicHandler } from '../handler.ts'

interface Needs {
  readonly db: BrigDb
  readonly sessions: SessionNeeds
}

export const logout =
  ({ db, sessions }: Needs): PublicHandler<'logout'> =>
  async (_input, context) => {
    const presented = await readPresented({ db, keys: sessions.keys }, context, sessions.clock.now())
    if (typeof presented === 'string') return { outcome: presented }
    if (!presented.token) return { outcome: 'missing-token' }
    await deleteSessions(db, presented.session.user, [presented.session.id])
    return { outcome: 'logged-out' }
  }
