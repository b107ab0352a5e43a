import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { Replicas } from '../../replicas.ts'
import { POLICY_VIOLATION, type Sockets } from '../../sockets.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'
import type { GundeckStore } from '../../store.ts'

interface Needs {
  readonly store: GundeckStore
  readonly tokens: PushTokenStore
  readonly sockets: Sockets
  readonly replicas: Replicas
}

export const removeUser =
  ({ store, tokens, sockets, replicas }: Needs): Handler<(typeof gundeckInternal)['remove-user'], InternalContext> =>
  async ({ body: { user } }) => {
    await store.forgetUser(user)
    await tokens.forget(user)
    sockets.closeUser(user, { code: POLICY_VIOLATION })
    await replicas.announceRemoved({ user })
    return { outcome: 'done', body: {} }
  }
