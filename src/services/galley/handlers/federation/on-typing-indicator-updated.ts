import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { tellMembers, type TypingNeeds } from '../../typing.ts'

export const onTypingIndicatorUpdated =
  (needs: TypingNeeds): RpcHandler<(typeof galleyFederation)['on-typing-indicator-updated'], FederationContext> =>
  async (updated, { origin, requestId }) => {
    // The conversation is one of the telling backend's, so that it can name typists in no other.
    await tellMembers(needs, { domain: origin, id: updated.conv_id }, { ...updated, requestId })
    return {}
  }
