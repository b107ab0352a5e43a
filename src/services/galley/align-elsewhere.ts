/** Aligning what we know of a conversation of two that another backend owns with the connection it follows from. */
import type { QualifiedUserId } from '#src/contract/ids.ts'
import type { OneToOneAlignment } from '#src/contract/internal/galley.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { clientView } from './client-view.ts'
import { NO_SETTINGS } from './conversation.ts'
import type { EventTime } from './event-times.ts'
import { createEvent, joinEvent } from './events.ts'
import { pushed } from './letters.ts'
import { type AligningNeeds, establishedElsewhere, timeOf } from './one-to-one.ts'
import { eventPushes } from './pushes.ts'
import { ADMIN } from './roles.ts'

export const alignElsewhere = async (
  { store, domain, times, random }: AligningNeeds,
  alignment: OneToOneAlignment,
  requestId: string,
): Promise<void> =>
  store.transaction(async (tx) => {
    const { self, conversation, actor, selfIn, otherIn } = alignment
    const stored = await tx.lockOneToOneMembership(conversation, self)
    // What the other one does leaves our user's place as it is.
    const isIn = actor === 'self' ? selfIn : stored !== undefined
    if (!isIn) return tx.removeMemberships(conversation, [self])
    await tx.putOneToOneMembership(conversation, { user: self, isOtherIn: otherIn })
    // Asking is not told; accepting is, once.
    if (!otherIn || stored?.isOtherIn) return

    const time = times.next(timeOf(alignment))
    const user = { domain, id: self }
    const event = stored ? otherJoined(alignment, time) : becameKnown(alignment, { user, time })
    await tx.enqueue(pushed(eventPushes(event, [self], { ids: random.uuid, origin: null }), requestId))
  })

const otherJoined = ({ conversation, other }: OneToOneAlignment, time: EventTime): PushedEvent =>
  joinEvent({ conversation, from: other, time }, { users: [other], role: ADMIN })

const becameKnown = (
  alignment: OneToOneAlignment,
  { user, time }: { readonly user: QualifiedUserId; readonly time: EventTime },
): PushedEvent => {
  const { conversation } = alignment
  const shown = establishedElsewhere(alignment, user.domain)
  return createEvent(
    { conversation, from: user, time },
    clientView(conversation.domain, shown, { user, settings: NO_SETTINGS }),
  )
}
