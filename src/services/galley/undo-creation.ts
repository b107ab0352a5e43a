/** Taking back a creation that some backend did not agree to, or that nobody finished. */
import type { ConversationId, Domain } from '#src/contract/ids.ts'
import { type EventTimes, timestampOf } from './event-times.ts'
import { groupByDomain } from './fan-out.ts'
import { conversationUpdated } from './letters.ts'
import type { GalleyStore } from './store.ts'

interface Needs {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly times: EventTimes
}

/**
 * The backends that did agree know the conversation already, and of one that failed nobody knows what it stored. All
 * of them are told that it is gone: those that never heard of it have nothing to forget.
 */
export const undoCreation = async (
  { store, domain, times }: Needs,
  id: ConversationId,
  requestId: string,
): Promise<void> =>
  store.transaction(async (tx) => {
    const undone = await tx.undoCreation(id)
    if (!undone) return
    const time = Math.max(times.next(), undone.lastEvent + 1)
    const remote = groupByDomain(undone.members)
    remote.delete(domain)
    await tx.enqueue(
      [...remote].map(([other, members]) =>
        conversationUpdated(
          other,
          {
            time: timestampOf(time),
            origUserId: { domain, id: undone.creator },
            convId: id,
            alreadyPresentUsers: members.map((member) => member.id),
            action: { tag: 'ConversationDeleteTag', action: {} },
            extraConversationData: null,
          },
          requestId,
        ),
      ),
    )
  })
