/** Aligning a conversation of two that this backend owns with the connection it follows from. */
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { OneToOneAlignment } from '#src/contract/internal/galley.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { CONNECT_CONVERSATION, type ConversationType, ONE_TO_ONE_CONVERSATION } from '#src/contract/vocabulary.ts'
import { viewOf } from './create-group.ts'
import { isSameUser } from './conversation.ts'
import { connectRequestEvent, createEvent, type Happening, joinEvent } from './events.ts'
import { pushed } from './letters.ts'
import { type AligningNeeds, isAmong, memberOfTwo, requestedConversation, timeOf, wantedPlaces } from './one-to-one.ts'
import { eventPushes } from './pushes.ts'
import { ADMIN } from './roles.ts'
import type { GalleyTransaction } from './store.ts'
import type { LockedConversation } from './store-members.ts'

export const alignHosted = async (
  needs: AligningNeeds,
  alignment: OneToOneAlignment,
  requestId: string,
): Promise<void> => {
  const { store, domain, times } = needs
  const { id } = alignment.conversation
  const places = wantedPlaces(alignment, domain)
  await store.transaction(async (tx) => {
    const stored = await lockOrCreate(tx, { alignment, isWanted: places.some(({ isIn }) => isIn), times })
    if (!stored) return
    const add = places.filter(({ user, isIn }) => isIn && !isAmong(stored.members, user)).map(({ user }) => user)
    const remove = places.filter(({ user, isIn }) => !isIn && isAmong(stored.members, user)).map(({ user }) => user)
    const members = [...stored.members.filter((user) => !isAmong(remove, user)), ...add]
    const type = typeAfter(stored, alignment, members)
    // A repetition, or a change of the connection that moves nobody.
    if (add.length === 0 && remove.length === 0 && type === stored.type) return

    const time = await tx.changeMembers(id, {
      add: add.map(memberOfTwo),
      remove,
      type,
      now: times.next(timeOf(alignment)),
    })
    const happened = { conversation: alignment.conversation, time }
    await tell(needs, { tx, alignment, happened, add, members, type, requestId })
  })
}

interface LockingOptions extends Pick<AligningNeeds, 'times'> {
  readonly alignment: OneToOneAlignment
  readonly isWanted: boolean
}

const lockOrCreate = async (
  tx: GalleyTransaction,
  { alignment, isWanted, times }: LockingOptions,
): Promise<LockedConversation | undefined> => {
  const { id } = alignment.conversation
  const stored = await tx.lock(id)
  if (stored || !isWanted) return stored
  // Two requests may cross; the row of whichever came first is used by both.
  const conversation = requestedConversation(alignment)
  await tx.create({ conversation, members: [], at: times.next(), unconfirmedSince: null })
  return tx.lock(id)
}

/** Never back from a conversation of two to a request. */
const typeAfter = (
  stored: LockedConversation,
  { kind }: OneToOneAlignment,
  members: readonly QualifiedUserId[],
): ConversationType => (kind === 'one2one' || members.length > 1 ? ONE_TO_ONE_CONVERSATION : stored.type)

interface Told {
  readonly tx: GalleyTransaction
  readonly alignment: OneToOneAlignment
  readonly happened: Pick<Happening, 'conversation' | 'time'>
  readonly add: readonly QualifiedUserId[]
  readonly members: readonly QualifiedUserId[]
  readonly type: ConversationType
  readonly requestId: string
}

/** client-notifications.md §5.4. Who goes, goes silently. */
const tell = async ({ domain, random }: AligningNeeds, told: Told): Promise<void> => {
  const { tx, alignment, members, requestId } = told
  const isLocalPair = alignment.other.domain === domain
  const ours = members.filter((user) => user.domain === domain).map(({ id }) => id)
  const event = isLocalPair ? localPairEvent(told, domain) : remotePairEvent(told, domain)
  if (!event || ours.length === 0) return
  await tx.enqueue(pushed(eventPushes(event, ours, { ids: random.uuid, origin: null }), requestId))
}

const localPairEvent = ({ alignment, happened, add, type }: Told, domain: Domain): PushedEvent | undefined => {
  const self = { domain, id: alignment.self }
  const [joiner] = add
  if (!joiner) return undefined
  const [one, other] = isSameUser(joiner, self) ? [self, alignment.other] : [alignment.other, self]
  if (type === CONNECT_CONVERSATION) return connectRequestEvent({ ...happened, from: one }, other)
  return joinEvent({ ...happened, from: one }, { users: add, role: ADMIN })
}

/** Only acceptance is told, by whichever of the two was missing. */
const remotePairEvent = (
  { alignment, happened, add, members, type }: Told,
  domain: Domain,
): PushedEvent | undefined => {
  const [joiner] = add
  if (!joiner || members.length < 2) return undefined
  if (joiner.domain !== domain) return joinEvent({ ...happened, from: joiner }, { users: add, role: ADMIN })
  // Our user did not know the conversation until now.
  const conversation = { ...requestedConversation(alignment), type }
  const view = viewOf(domain, { conversation, members: members.map(memberOfTwo), member: memberOfTwo(joiner) })
  return createEvent({ ...happened, from: joiner }, view)
}
