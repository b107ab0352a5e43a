import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { oldForm } from '../../client-view.ts'
import { listOwnIds, type OwnListNeeds } from '../../own-list.ts'
import { readOwn } from '../../read-own.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs extends OwnListNeeds {
  readonly store: Pick<GalleyStore, 'find' | 'listIds'>
}

export const listOwnConversations =
  (needs: Needs): Handler<(typeof galleyClient)['list-own-conversations'], ClientContext> =>
  async ({ query: { ids: named, start, size } }, { caller }) => {
    const { ids, hasMore } = named
      ? { ids: named, hasMore: false }
      : await listOwnIds(needs, { user: caller.user, after: start, size })
    const { seen } = await readOwn(needs, ids, caller.user)
    const inOrder = seen.toSorted((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id))
    return { outcome: 'page', body: { conversations: inOrder.map(oldForm), has_more: hasMore } }
  }
