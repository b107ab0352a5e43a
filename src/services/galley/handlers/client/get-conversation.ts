import type { galleyClient } from '#src/contract/client/galley.ts'
import type { Conversation as ClientConversation } from '#src/contract/client/conversation.ts'
import type { ConversationId, Domain, QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { ACCESS_ROLE_LIST_VERSION, clientView, oldForm } from '../../client-view.ts'
import { readOwn } from '../../read-own.ts'
import { fetchRemote } from '../../remote-conversations.ts'
import type { GalleyStore } from '../../store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'find' | 'remoteMemberships'>
  readonly domain: Domain
  readonly remotes: RemoteBackends
}

export const getConversation =
  (needs: Needs): Handler<(typeof galleyClient)['get-conversation'], ClientContext> =>
  async ({ params: { domain = needs.domain, conversation: id } }, { caller, apiVersion, requestId }) => {
    const found =
      domain === needs.domain
        ? await findOwn(needs, id, caller.user)
        : await findRemote(needs, { conversation: { domain, id }, user: caller.user, requestId })
    if (typeof found === 'string') return { outcome: found }
    return apiVersion < ACCESS_ROLE_LIST_VERSION
      ? { outcome: 'found-old', body: oldForm(found) }
      : { outcome: 'found', body: found }
  }

const findOwn = async (
  { store, domain }: Needs,
  id: ConversationId,
  user: UserId,
): Promise<ClientConversation | 'not-found' | 'access-denied'> => {
  const { seen, closed } = await readOwn({ store, domain }, [id], user)
  return seen[0] ?? (closed.length > 0 ? 'access-denied' : 'not-found')
}

const findRemote = async (
  { store, domain, remotes }: Needs,
  { conversation, user, requestId }: { conversation: QualifiedConversationId; user: UserId; requestId: string },
): Promise<ClientConversation | 'not-found'> => {
  // Nobody is asked about conversations that the caller is not in, as far as we know.
  const [membership] = await store.remoteMemberships(user, [conversation])
  if (!membership) return 'not-found'
  const [shown] = await fetchRemote(remotes, { owner: conversation.domain, user, ids: [conversation.id], requestId })
  if (!shown) return 'not-found'
  return clientView(conversation.domain, shown, { user: { domain, id: user }, settings: membership.settings })
}
