import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { removeDeletedUser, type RemovingNeeds } from '../../remove-deleted-user.ts'

export const onUserDeletedConversations =
  (needs: RemovingNeeds): RpcHandler<(typeof galleyFederation)['on-user-deleted-conversations'], FederationContext> =>
  async ({ user: id, conversations }, { origin, requestId }) => {
    // Of the telling backend: it cannot delete users of anybody else.
    const user = { domain: origin, id }
    for (const conversation of new Set(conversations)) {
      await removeDeletedUser(needs, { user, conversation }, requestId)
    }
  }
