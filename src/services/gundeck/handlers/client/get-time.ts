import type { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'

export const getTime =
  ({ clock }: { readonly clock: Clock }): Handler<(typeof gundeckClient)['get-time'], ClientContext> =>
  async () => ({ outcome: 'time', body: { time: `${clock.now().toISOString().slice(0, -'.000Z'.length)}Z` } })
