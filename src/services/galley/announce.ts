/** Telling all who are concerned of a change: users of ours by a push, each other backend by one update. */
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { ConversationAction, ConversationUpdate } from '#src/contract/federation/conversation-updates.ts'
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { Letter } from '#src/queue/outbox.ts'
import { timestampOf } from './event-times.ts'
import { type Happening, updateEvent } from './events.ts'
import { groupByDomain } from './fan-out.ts'
import { conversationUpdated, pushed } from './letters.ts'
import { eventPushes, type PushContext } from './pushes.ts'

export interface Announcement {
  /** Of this backend. */
  readonly happening: Happening
  readonly action: ConversationAction
  readonly to: readonly QualifiedUserId[]
  /** A backend that hears of it in another way. */
  readonly except?: Domain | undefined
  /** What users of ours are told, if it is not just what the action says. */
  readonly event?: ConversationEvent
}

export const announcementLetters = (
  announcement: Announcement,
  { requestId, ...push }: PushContext & { readonly requestId: string },
): Letter[] => {
  const { happening, action, to, except, event = updateEvent(happening, action) } = announcement
  const { domain } = happening.conversation
  const addressees = groupByDomain(to)
  const ours = addressees.get(domain) ?? []
  const others = [...addressees.keys()].filter((other) => other !== domain && other !== except)
  const pushes =
    event && ours.length > 0
      ? eventPushes(
          event,
          ours.map(({ id }) => id),
          push,
        )
      : []
  return [
    ...others.map((other) => conversationUpdated(other, updateFor(other, announcement), requestId)),
    ...pushed(pushes, requestId),
  ]
}

/** The change as another backend is told of it. */
export const updateFor = (addressed: Domain, { happening, action, to }: Announcement): ConversationUpdate => ({
  time: timestampOf(happening.time),
  origUserId: happening.from,
  convId: happening.conversation.id,
  alreadyPresentUsers: to.filter(({ domain }) => domain === addressed).map(({ id }) => id),
  action,
  extraConversationData: null,
})
