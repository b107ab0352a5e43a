import type { RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import { type galleyFederation, type GetConversationsRequest } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { conversationToLegacy } from '#src/rpc/federation-forms.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import { asSeenBy } from '../../conversation.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'find'>
}

export const getConversations =
  ({ store }: Needs): RpcHandler<(typeof galleyFederation)['get-conversations'], FederationContext> =>
  async (input, context) => ({ convs: await conversationsOf(store, input, context) })

// COMPAT(v1): versions 0 and 1.
export const getConversationsV0 =
  ({ store }: Needs): RpcHandler<(typeof galleyFederation)['get-conversations-v0'], FederationContext> =>
  async (input, context) => ({ convs: (await conversationsOf(store, input, context)).map(conversationToLegacy) })

/** The user is one of the asking backend, whatever it says; what he is not a member of is left out. */
const conversationsOf = async (
  store: Needs['store'],
  { user_id: id, conv_ids: ids }: GetConversationsRequest,
  { origin }: FederationContext,
): Promise<RemoteConversationV2[]> => {
  const user = { domain: origin, id }
  const found = await store.find(ids, user)
  return found.flatMap(({ conversation, members, viewer }) =>
    viewer ? [asSeenBy(conversation, members, { user, role: viewer.role })] : [],
  )
}
