import type { UserId } from '#src/contract/ids.ts'
import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { Replicas } from '../../replicas.ts'
import type { GundeckStore } from '../../store.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'
import type { StreamStore } from '../../store-streams.ts'

interface Needs {
  readonly store: GundeckStore
  readonly tokens: PushTokenStore
  readonly streams: StreamStore
  /** Closes what is open. */
  readonly removed: (user: UserId) => void
  readonly replicas: Replicas
}

export const removeUser =
  ({
    store,
    tokens,
    streams,
    removed,
    replicas,
  }: Needs): Handler<(typeof gundeckInternal)['remove-user'], InternalContext> =>
  async ({ body: { user } }) => {
    await store.forgetUser(user)
    await tokens.forget(user)
    await streams.forget(user)
    removed(user)
    await replicas.announceRemoved({ user })
    return { outcome: 'done', body: {} }
  }
