import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { Replicas } from '../../replicas.ts'
import { POLICY_VIOLATION, type Sockets } from '../../sockets.ts'
import type { GundeckStore } from '../../store.ts'

interface Needs {
  readonly store: GundeckStore
  readonly sockets: Sockets
  readonly replicas: Replicas
}

export const removeUser =
  ({ store, sockets, replicas }: Needs): Handler<(typeof gundeckInternal)['remove-user'], InternalContext> =>
  async ({ body: { user } }) => {
    await store.forgetUser(user)
    sockets.closeUser(user, { code: POLICY_VIOLATION })
    await replicas.announceRemoved({ user })
    return { outcome: 'done', body: {} }
  }
