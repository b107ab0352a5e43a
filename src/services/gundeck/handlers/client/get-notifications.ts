import { type gundeckClient, PAGE_SIZE_MAX } from '#src/contract/client/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Handler, InputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { Activity } from '../../activity.ts'
import { RETENTION_MS } from '../../limits.ts'
import { isIdOf, type Position, positionOf } from '../../notification-id.ts'
import { clientFilter, toNotification } from '../../notification.ts'
import type { GundeckStore, PageQuery } from '../../store.ts'

interface Needs {
  readonly store: GundeckStore
  readonly activity: Activity
  readonly clock: Clock
}

/** Before this version an unknown `since` was answered with the list all the same (client-api-versions.md S7). */
const FIRST_VERSION_WITHOUT_LIST = 3

export const getNotifications =
  ({ store, activity, clock }: Needs): Handler<Endpoint, ClientContext> =>
  async (input, context) => {
    const { client } = input.query
    const [answer] = await Promise.all([
      read({ store, clock }, input, context),
      activity.note(context.caller.user, client),
    ])
    return answer
  }

type Endpoint = (typeof gundeckClient)['get-notifications']

const read = async (
  { store, clock }: Pick<Needs, 'store' | 'clock'>,
  { query: { since, client, size = PAGE_SIZE_MAX } }: InputOf<Endpoint>,
  { caller, apiVersion }: ClientContext,
): Promise<OutcomeOf<Endpoint>> => {
  const now = clock.now().getTime() * 1000
  const oldest = now - RETENTION_MS * 1000
  const list = async (after: Position) => {
    const query: PageQuery = { after: Math.max(after, oldest), client: clientFilter(client), size }
    const { rows, hasMore } = await store.page(caller.user, query)
    const notifications = rows.map((row) => toNotification(caller.user, row))
    return { notifications, has_more: hasMore, time: clock.now().toISOString() }
  }

  // Clients that are told of an error here ask again without `since`; without it there must never be one.
  if (since === undefined || since === '') return { outcome: 'notifications', body: await list(oldest) }

  const id = since.toLowerCase()
  const after = positionOf(id)
  if (after !== undefined && after >= oldest && isIdOf(caller.user, id)) {
    const isPast = after <= now || after <= ((await store.ends([caller.user])).get(caller.user)?.at ?? 0)
    if (isPast) return { outcome: 'notifications', body: await list(after) }
  }

  if (apiVersion >= FIRST_VERSION_WITHOUT_LIST) {
    return { outcome: after === undefined ? 'malformed-since' : 'unknown-since' }
  }
  return { outcome: 'unknown-since-with-list', body: await list(after ?? oldest) }
}
