/** The conversation with oneself exists from the start, and is stored when it is first needed. */
import type { ConversationId, Domain, QualifiedUserId } from '#src/contract/ids.ts'
import { isSelfConversationOf, selfConversation, selfMember } from './conversation.ts'
import type { EventTimes } from './event-times.ts'
import type { GalleyStore } from './store.ts'

interface Needs {
  readonly store: Pick<GalleyStore, 'create'>
  readonly domain: Domain
  readonly times: EventTimes
}

interface Meant {
  readonly actor: QualifiedUserId
  readonly conversation: ConversationId
}

/** Does nothing when another conversation is meant. */
export const ensureSelfConversation = async (
  { store, domain, times }: Needs,
  { actor, conversation }: Meant,
): Promise<void> => {
  if (actor.domain !== domain || !isSelfConversationOf(actor.id, conversation)) return
  await store.create({
    conversation: selfConversation(actor.id),
    members: [selfMember(actor)],
    at: times.next(),
    unconfirmedSince: null,
  })
}
