/** Conversations of this backend as one of its users sees them. */
import type { Conversation as ClientConversation } from '#src/contract/client/conversation.ts'
import type { ConversationId, Domain, UserId } from '#src/contract/ids.ts'
import { clientView } from './client-view.ts'
import { asSeenBy, isSelfConversationOf, NO_SETTINGS, selfConversation, selfMember } from './conversation.ts'
import type { GalleyStore } from './store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'find'>
  readonly domain: Domain
}

export interface OwnConversations {
  readonly seen: readonly ClientConversation[]
  /** Those that exist and that he is not in. */
  readonly closed: readonly ConversationId[]
}

export const readOwn = async (
  { store, domain }: Needs,
  ids: readonly ConversationId[],
  user: UserId,
): Promise<OwnConversations> => {
  const viewer = { domain, id: user }
  const found = ids.length > 0 ? await store.find(ids, viewer) : []
  const seen = found.flatMap(({ conversation, members, viewer: own }) =>
    own
      ? [
          clientView(domain, asSeenBy(conversation, members, { user: viewer, role: own.role }), {
            user: viewer,
            settings: own.settings,
          }),
        ]
      : [],
  )
  const closed = found.filter((one) => !one.viewer).map(({ conversation }) => conversation.id)
  // The conversation with oneself exists before it is stored.
  const isStored = found.some(({ conversation }) => isSelfConversationOf(user, conversation.id))
  if (!isStored && ids.some((id) => isSelfConversationOf(user, id))) {
    const self = asSeenBy(selfConversation(user), [], selfMember(viewer))
    return { seen: [...seen, clientView(domain, self, { user: viewer, settings: NO_SETTINGS })], closed }
  }
  return { seen, closed }
}
