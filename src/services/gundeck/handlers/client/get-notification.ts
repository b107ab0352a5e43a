import type { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { isIdOf, positionOf } from '../../notification-id.ts'
import { clientFilter, toNotification } from '../../notification.ts'
import type { GundeckStore } from '../../store.ts'

interface Needs {
  readonly store: GundeckStore
}

export const getNotification =
  ({ store }: Needs): Handler<(typeof gundeckClient)['get-notification'], ClientContext> =>
  async ({ params, query: { client } }, { caller: { user } }) => {
    const id = params.id.toLowerCase()
    const at = positionOf(id)
    if (at === undefined || !isIdOf(user, id)) return { outcome: 'not-found' }
    const row = await store.at(user, { client: clientFilter(client), at })
    return row ? { outcome: 'notification', body: toNotification(user, row) } : { outcome: 'not-found' }
  }
