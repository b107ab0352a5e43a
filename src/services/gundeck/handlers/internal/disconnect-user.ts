import type { UserId } from '#src/contract/ids.ts'
import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { Replicas } from '../../replicas.ts'

interface Needs {
  /** Closes what is open. */
  readonly removed: (user: UserId) => void
  readonly replicas: Replicas
}

export const disconnectUser =
  ({ removed, replicas }: Needs): Handler<(typeof gundeckInternal)['disconnect-user'], InternalContext> =>
  async ({ body: { user } }) => {
    removed(user)
    await replicas.announceRemoved({ user })
    return { outcome: 'done', body: {} }
  }
