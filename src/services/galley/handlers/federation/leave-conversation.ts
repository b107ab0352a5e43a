import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { LEAVING } from '../../change.ts'
import { changeConversation, type ChangingNeeds } from '../../change-conversation.ts'

export const leaveConversation =
  (needs: ChangingNeeds): RpcHandler<(typeof galleyFederation)['leave-conversation'], FederationContext> =>
  async ({ conv_id: conversation, leaver }, { origin, requestId }) => {
    const changed = await changeConversation(needs, {
      conversation,
      // Of the asking backend: it cannot take away users of anybody else.
      actor: { domain: origin, id: leaver },
      wish: { kind: 'action', action: LEAVING },
      origin: null,
      requestId,
    })
    if (changed.outcome === 'changed') return { Right: [] }
    if (changed.outcome !== 'refused') return { Left: 'RemoveFromConversationErrorUnchanged' }
    return changed.why === 'not-found'
      ? { Left: 'RemoveFromConversationErrorNotFound' }
      : { Left: 'RemoveFromConversationErrorRemovalNotAllowed' }
  }
