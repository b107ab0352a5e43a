import type { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'

export const removePushToken =
  ({
    tokens,
  }: {
    readonly tokens: PushTokenStore
  }): Handler<(typeof gundeckClient)['remove-push-token'], ClientContext> =>
  async ({ params: { token } }, { caller }) => ({
    outcome: (await tokens.remove(caller.user, token)) ? 'removed' : 'not-found',
  })
