import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'
import type { Replicas } from '../../replicas.ts'
import { POLICY_VIOLATION, type Sockets } from '../../sockets.ts'

interface Needs {
  readonly tokens: PushTokenStore
  readonly sockets: Sockets
  readonly replicas: Replicas
}

/** What was stored for the device stays until it expires: nobody can ask for it any more. */
export const removeClient =
  ({ tokens, sockets, replicas }: Needs): Handler<(typeof gundeckInternal)['remove-client'], InternalContext> =>
  async ({ body: { user, client } }) => {
    await tokens.forget(user, client)
    sockets.closeUser(user, { code: POLICY_VIOLATION, client })
    await replicas.announceRemoved({ user, client })
    return { outcome: 'done', body: {} }
  }
