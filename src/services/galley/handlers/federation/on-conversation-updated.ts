import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { updateFromV0 } from '#src/rpc/federation-forms.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { applyUpdate, type UpdateNeeds } from '../../apply-update.ts'

export const onConversationUpdated =
  (needs: UpdateNeeds): RpcHandler<(typeof galleyFederation)['on-conversation-updated'], FederationContext> =>
  async (update, context) =>
    applyUpdate(needs, update, context)

// COMPAT(v0): the same under other names.
export const onConversationUpdatedV0 =
  (needs: UpdateNeeds): RpcHandler<(typeof galleyFederation)['on-conversation-updated-v0'], FederationContext> =>
  async (update, context) =>
    applyUpdate(needs, updateFromV0(update), context)
