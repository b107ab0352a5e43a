import type { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { RETENTION_MS } from '../../limits.ts'
import { clientFilter, toNotification } from '../../notification.ts'
import type { GundeckStore } from '../../store.ts'

interface Needs {
  readonly store: GundeckStore
  readonly clock: Clock
}

export const getLastNotification =
  ({ store, clock }: Needs): Handler<(typeof gundeckClient)['get-last-notification'], ClientContext> =>
  async ({ query: { client } }, { caller: { user } }) => {
    const after = (clock.now().getTime() - RETENTION_MS) * 1000
    const row = await store.last(user, { client: clientFilter(client), after })
    return row ? { outcome: 'notification', body: toNotification(user, row) } : { outcome: 'not-found' }
  }
