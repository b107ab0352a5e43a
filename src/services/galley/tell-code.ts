/** Telling members of ours that a conversation has a code, or no longer: other backends are not concerned. */
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Random } from '#src/kit/random.ts'
import type { Caller } from '#src/rpc/context.ts'
import type { EventTimes } from './event-times.ts'
import type { Happening } from './events.ts'
import { pushed } from './letters.ts'
import { eventPushes, originOf } from './pushes.ts'
import type { GalleyTransaction } from './store.ts'
import type { Standing } from './store-changes.ts'

interface Needs {
  readonly domain: Domain
  readonly times: EventTimes
  readonly random: Random
}

export interface CodeChange {
  readonly tx: GalleyTransaction
  /** Locked. */
  readonly standing: Standing
  readonly by: Caller
  readonly requestId: string
  readonly eventOf: (happening: Happening) => ConversationEvent
}

export const tellCode = async (
  { domain, times, random }: Needs,
  { tx, standing, by, requestId, eventOf }: CodeChange,
): Promise<ConversationEvent> => {
  const { conversation, members } = standing
  const { id, team } = conversation
  const unmoved = { add: [], remove: [], promote: [], isNewRevision: false, events: 1 }
  const time = await tx.applyChange(id, { conversation, ...unmoved, now: times.next() })
  const event = eventOf({ conversation: { domain, id }, from: { domain, id: by.user }, time, team })
  const ours = members.filter(({ user }) => user.domain === domain).map(({ user }) => user.id)
  const context = { ids: random.uuid, origin: originOf(by) }
  await tx.enqueue(pushed(eventPushes(event, ours, context), requestId))
  return event
}
