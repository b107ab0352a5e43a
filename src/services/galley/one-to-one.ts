/** Conversations of two, which follow from a connection (rules.md §2.4, client-users.md §7). */
import type { RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import type { Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { OneToOneAlignment } from '#src/contract/internal/galley.ts'
import { CONNECT_CONVERSATION, ONE_TO_ONE_CONVERSATION } from '#src/contract/vocabulary.ts'
import type { Random } from '#src/kit/random.ts'
import { PRIVATE_ACCESS, PRIVATE_ACCESS_ROLES } from './access.ts'
import { asSeenBy, type Conversation, isSameUser, type Member } from './conversation.ts'
import type { EventTime, EventTimes } from './event-times.ts'
import { ADMIN } from './roles.ts'
import type { GalleyStore } from './store.ts'

export interface AligningNeeds {
  readonly store: GalleyStore
  readonly domain: Domain
  readonly times: EventTimes
  readonly random: Random
}

/** Neither of the two is above the other. */
export const memberOfTwo = (user: QualifiedUserId): Member => ({ user, role: ADMIN })

const OF_TWO = {
  name: null,
  access: PRIVATE_ACCESS,
  accessRoles: PRIVATE_ACCESS_ROLES,
  protocol: 'proteus',
  messageTimer: null,
  receiptMode: null,
  team: null,
} as const

/** As it begins, with nobody in it. */
export const requestedConversation = ({ self, other, conversation, actor }: OneToOneAlignment): Conversation => ({
  ...OF_TWO,
  id: conversation.id,
  type: CONNECT_CONVERSATION,
  // The one who asked, if he is of the owner's backend: creators are known by an id without domain.
  creator: actor === 'other' && other.domain === conversation.domain ? other.id : self,
})

/** What its owner, another backend, would show to our user once both are in. */
export const establishedElsewhere = (
  { self, other, conversation }: OneToOneAlignment,
  domain: Domain,
): RemoteConversationV2 => {
  const [mine, theirs] = [memberOfTwo({ domain, id: self }), memberOfTwo(other)]
  // The creator is a user of the owner's.
  const established = { ...OF_TWO, id: conversation.id, type: ONE_TO_ONE_CONVERSATION, creator: other.id } as const
  return asSeenBy(established, [mine, theirs], mine)
}

/**
 * Whose places may change, and whether they are to be in. Of a remote pair it is the actor's: each backend knows only
 * its own user's status, and what the other one wants is told by what he does. Once both want to be in, both are.
 */
export const wantedPlaces = (
  { self, other, selfIn, otherIn, actor }: OneToOneAlignment,
  domain: Domain,
): { readonly user: QualifiedUserId; readonly isIn: boolean }[] => {
  const own = { user: { domain, id: self }, isIn: selfIn }
  const theirs = { user: other, isIn: otherIn }
  if (other.domain === domain || (selfIn && otherIn)) return [own, theirs]
  return [actor === 'self' ? own : theirs]
}

export const isAmong = (users: readonly QualifiedUserId[], user: QualifiedUserId): boolean =>
  users.some((one) => isSameUser(one, user))

/** When the connection changed, if brig said so. */
export const timeOf = ({ at }: OneToOneAlignment): EventTime | undefined =>
  at === undefined ? undefined : new Date(at).getTime()
