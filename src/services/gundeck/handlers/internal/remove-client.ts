import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { Replicas } from '../../replicas.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'
import type { StreamStore } from '../../store-streams.ts'

interface Needs {
  readonly tokens: PushTokenStore
  readonly streams: StreamStore
  /** Closes what is open. */
  readonly removed: (user: UserId, client: ClientId) => void
  readonly replicas: Replicas
}

/** What was stored for the device stays until it expires: nobody can ask for it any more. */
export const removeClient =
  ({
    tokens,
    streams,
    removed,
    replicas,
  }: Needs): Handler<(typeof gundeckInternal)['remove-client'], InternalContext> =>
  async ({ body: { user, client } }) => {
    await tokens.forget(user, client)
    await streams.forget(user, client)
    removed(user, client)
    await replicas.announceRemoved({ user, client })
    return { outcome: 'done', body: {} }
  }
