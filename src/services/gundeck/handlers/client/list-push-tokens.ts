import type { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'

export const listPushTokens =
  ({
    tokens,
  }: {
    readonly tokens: PushTokenStore
  }): Handler<(typeof gundeckClient)['list-push-tokens'], ClientContext> =>
  async (_, { caller }) => {
    const own = await tokens.of([caller.user])
    const shown = own.map(({ transport, app, token, client }) => ({ transport, app, token, client }))
    return { outcome: 'found', body: { tokens: shown } }
  }
