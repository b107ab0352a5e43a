import type { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { PushTokenStore } from '../../store-push-tokens.ts'

export const registerPushToken =
  ({
    tokens,
  }: {
    readonly tokens: PushTokenStore
  }): Handler<(typeof gundeckClient)['register-push-token'], ClientContext> =>
  async ({ body }, { caller }) => {
    const { transport } = body
    if (transport === 'APNS_VOIP' || transport === 'APNS_VOIP_SANDBOX') return { outcome: 'voip' }
    await tokens.put({ ...body, transport, user: caller.user })
    return {
      outcome: 'registered',
      body: { ...body, transport },
      headers: { location: `/push/tokens/${encodeURIComponent(body.token)}` },
    }
  }
