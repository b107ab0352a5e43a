/** One conversation as a user of ours sees it, wherever it is. */
import type { Conversation as ClientConversation } from '#src/contract/client/conversation.ts'
import type { ConversationId, Domain, QualifiedConversationId, UserId } from '#src/contract/ids.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { clientView } from './client-view.ts'
import { readOwn } from './read-own.ts'
import { fetchRemote } from './remote-conversations.ts'
import type { GalleyStore } from './store.ts'

export interface SeeingNeeds {
  readonly store: Pick<GalleyStore, 'find' | 'remoteMemberships'>
  readonly domain: Domain
  readonly remotes: RemoteBackends
}

export interface Look {
  readonly conversation: QualifiedConversationId
  readonly user: UserId
  readonly requestId: string
}

export const seeConversation = (
  needs: SeeingNeeds,
  look: Look,
): Promise<ClientConversation | 'not-found' | 'access-denied'> =>
  look.conversation.domain === needs.domain ? findOwn(needs, look.conversation.id, look.user) : findRemote(needs, look)

const findOwn = async (
  { store, domain }: SeeingNeeds,
  id: ConversationId,
  user: UserId,
): Promise<ClientConversation | 'not-found' | 'access-denied'> => {
  const { seen, closed } = await readOwn({ store, domain }, [id], user)
  return seen[0] ?? (closed.length > 0 ? 'access-denied' : 'not-found')
}

const findRemote = async (
  { store, domain, remotes }: SeeingNeeds,
  { conversation, user, requestId }: Look,
): Promise<ClientConversation | 'not-found'> => {
  // Nobody is asked about conversations that the caller is not in, as far as we know.
  const [membership] = await store.remoteMemberships(user, [conversation])
  if (!membership) return 'not-found'
  const [shown] = await fetchRemote(remotes, { owner: conversation.domain, user, ids: [conversation.id], requestId })
  if (!shown) return 'not-found'
  return clientView(conversation.domain, shown, { user: { domain, id: user }, settings: membership.settings })
}
