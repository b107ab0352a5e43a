/** Asking other backends for conversations that they own. */
import type { RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import { galleyFederation } from '#src/contract/federation/galley.ts'
import { conversationFromLegacy } from '#src/rpc/federation-forms.ts'
import type { ConversationId, Domain, UserId } from '#src/contract/ids.ts'
import type { CallContext, RemoteBackends } from '#src/rpc/remote-backends.ts'
import { CONVERSATIONS_PER_REMOTE_REQUEST, REMOTE_CONVERSATIONS_TIMEOUT_MS } from './limits.ts'

export interface RemoteQuestion {
  readonly owner: Domain
  /** A user of ours; the owner shows what he is a member of and leaves out the rest. */
  readonly user: UserId
  readonly ids: readonly ConversationId[]
  readonly requestId: string
}

export const fetchRemote = async (
  remotes: RemoteBackends,
  { owner, user, ids, requestId }: RemoteQuestion,
): Promise<RemoteConversationV2[]> => {
  const context = { requestId, timeoutMs: REMOTE_CONVERSATIONS_TIMEOUT_MS }
  const version = await remotes.versionOf(owner, context)
  const parts: Promise<RemoteConversationV2[]>[] = []
  for (let start = 0; start < ids.length; start += CONVERSATIONS_PER_REMOTE_REQUEST) {
    const part = ids.slice(start, start + CONVERSATIONS_PER_REMOTE_REQUEST)
    parts.push(fetchPart(remotes, { owner, version, input: { user_id: user, conv_ids: part }, context }))
  }
  const wanted = new Set(ids)
  return (await Promise.all(parts)).flat().filter(({ id }) => wanted.has(id))
}

interface Part {
  readonly owner: Domain
  readonly version: number
  readonly input: { readonly user_id: UserId; readonly conv_ids: ConversationId[] }
  readonly context: CallContext
}

const fetchPart = async (
  remotes: RemoteBackends,
  { owner, version, input, context }: Part,
): Promise<RemoteConversationV2[]> => {
  if (version >= galleyFederation['get-conversations'].versions.from) {
    return (await remotes.call(owner, galleyFederation['get-conversations'], input, context)).convs
  }
  const { convs } = await remotes.call(owner, galleyFederation['get-conversations-v0'], input, context)
  return convs.map(conversationFromLegacy)
}
