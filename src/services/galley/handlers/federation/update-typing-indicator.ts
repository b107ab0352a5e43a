import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { typeHere, type TypingNeeds } from '../../typing.ts'

export const updateTypingIndicator =
  (needs: TypingNeeds): RpcHandler<(typeof galleyFederation)['update-typing-indicator'], FederationContext> =>
  async ({ typing_status: status, user_id: user, conv_id: conversation }, { origin, requestId }) => {
    // Of the asking backend: it cannot type for users of anybody else.
    const typist = { domain: origin, id: user }
    const updated = await typeHere(needs, conversation, { typist, status, requestId })
    return updated
      ? { tag: 'TypingDataUpdateSuccess', contents: updated }
      : { tag: 'TypingDataUpdateError', contents: { tag: 'ConvNotFound' } }
  }
