/**
 * Taking somebody who deleted his account out of conversations of ours (rules.md §14). One transaction for each
 * conversation, so that a crash in between loses nothing: he is looked for again where he still is.
 */
import type { ConversationId, Domain, QualifiedUserId } from '#src/contract/ids.ts'
import { REGULAR_CONVERSATION, SELF_CONVERSATION } from '#src/contract/vocabulary.ts'
import type { Random } from '#src/kit/random.ts'
import { announcementLetters } from './announce.ts'
import { LEAVING, memberAmong } from './change.ts'
import { isSameUser } from './conversation.ts'
import type { EventTimes } from './event-times.ts'
import { leaveEvent } from './events.ts'
import type { GalleyStore } from './store.ts'

export interface RemovingNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly times: EventTimes
  readonly random: Random
}

/** Does nothing where he is no member. */
export const removeDeletedUser = async (
  { store, domain, times, random }: RemovingNeeds,
  { user, conversation: id }: { readonly user: QualifiedUserId; readonly conversation: ConversationId },
  requestId: string,
): Promise<void> =>
  store.transaction(async (tx) => {
    const standing = await tx.lockStanding(id)
    if (!standing || !memberAmong(standing, user)) return
    const { conversation, members } = standing
    if (conversation.type === SELF_CONVERSATION) {
      await tx.deleteConversation(id, times.next())
      return
    }
    const nobodyElse = { add: [], promote: [], isNewRevision: true, now: times.next(), events: 1 }
    const time = await tx.applyChange(id, { conversation, remove: [user], ...nobodyElse })
    // From conversations of two he vanishes silently: his friends are told that he is gone.
    if (conversation.type !== REGULAR_CONVERSATION) return
    const happening = { conversation: { domain, id }, from: user, time, team: conversation.team }
    const letters = announcementLetters(
      {
        happening,
        action: LEAVING,
        to: members.map((member) => member.user).filter((member) => !isSameUser(member, user)),
        // It knows already: his account was there.
        except: user.domain,
        event: leaveEvent(happening, { users: [user], reason: 'user-deleted' }),
      },
      { ids: random.uuid, origin: null, requestId },
    )
    await tx.enqueue(letters)
  })
