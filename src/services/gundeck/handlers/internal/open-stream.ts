import type { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { StreamStore } from '../../store-streams.ts'

export const openStream =
  ({ streams }: { readonly streams: StreamStore }): Handler<(typeof gundeckInternal)['open-stream'], InternalContext> =>
  async ({ body: { user, client } }) => {
    await streams.open(user, client)
    return { outcome: 'done', body: {} }
  }
