import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import { listOwnIds, type OwnListNeeds } from '../../own-list.ts'

export const listOwnConversationIds =
  (needs: OwnListNeeds): Handler<(typeof galleyClient)['list-own-conversation-ids'], ClientContext> =>
  async ({ query: { start, size } }, { caller }) => {
    const { ids, hasMore } = await listOwnIds(needs, { user: caller.user, after: start, size })
    return { outcome: 'page', body: { conversations: ids, has_more: hasMore } }
  }
