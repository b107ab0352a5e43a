/** A change of a conversation of ours: what may be wished for, what may be said against it, what it comes to. */
import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import type { ConversationId, Domain, QualifiedUserId } from '#src/contract/ids.ts'
import type { Access } from '#src/contract/vocabulary.ts'
import { type Conversation, isSameUser, type Member, userKey } from './conversation.ts'
import type { People } from './people.ts'
import type { PushOrigin } from './pushes.ts'
import type { Standing } from './store-changes.ts'

export type ChangeRefusal =
  | 'not-found'
  | 'member-not-found'
  | 'action-denied'
  | 'invalid-op'
  | 'access-denied'
  | 'not-connected'
  | 'no-team-member'
  | 'too-many-members'
  | 'invalid-protocol-transition'
  | 'mls-receipts-not-allowed'
  | 'history-not-supported'
  | 'protocol-not-federated'
  /** What only a user of this backend can do. */
  | 'not-implemented'

/** What somebody wants: an action that a member takes, or to come in by himself. */
export type Wish =
  | { readonly kind: 'action'; readonly action: ConversationAction }
  | { readonly kind: 'enter'; readonly by: Extract<Access, 'code' | 'link'> }

export interface WishedChange {
  readonly conversation: ConversationId
  readonly actor: QualifiedUserId
  readonly wish: Wish
  /** The connection that need not hear of it; only of a user of ours. */
  readonly origin: PushOrigin | null
  readonly requestId: string
}

export const LEAVING: ConversationAction = { tag: 'ConversationLeaveTag', action: {} }

/** By somebody else, whether he meant just that or something it follows from. */
export const removing = (targets: readonly [QualifiedUserId, ...QualifiedUserId[]]): ConversationAction => ({
  tag: 'ConversationRemoveMembersTag',
  action: { targets: [...targets], reason: 'removed' },
})

/** What else is known when it is decided. */
export interface Circumstances {
  readonly domain: Domain
  readonly membersMax: number
  /** Users of ours, where the decision rests on who they are. */
  readonly people: People
}

export interface Change {
  /** As it is told: without those who were members already, or never were. */
  readonly action: ConversationAction
  readonly conversation: Conversation
  readonly add: readonly Member[]
  readonly remove: readonly QualifiedUserId[]
  readonly promote: readonly Member[]
  /** Who has to go because of the change, each with an event of his own. */
  readonly evict: readonly QualifiedUserId[]
}

export type Verdict =
  | { readonly outcome: 'refused'; readonly why: ChangeRefusal }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'accepted'; readonly change: Change }

export const UNCHANGED: Verdict = { outcome: 'unchanged' }

export const refused = (why: ChangeRefusal): Verdict => ({ outcome: 'refused', why })

interface Effects extends Partial<Pick<Change, 'add' | 'remove' | 'promote' | 'evict'>> {
  readonly action: ConversationAction
  readonly set?: Partial<Conversation>
}

export const accepted = (
  { conversation }: Standing,
  { action, set = {}, add = [], remove = [], promote = [], evict = [] }: Effects,
): Verdict => ({
  outcome: 'accepted',
  change: { action, conversation: { ...conversation, ...set }, add, remove, promote, evict },
})

export const memberAmong = ({ members }: Pick<Standing, 'members'>, user: QualifiedUserId): Member | undefined =>
  members.find((member) => isSameUser(member.user, user))

export const distinctUsers = (users: readonly QualifiedUserId[]): QualifiedUserId[] => [
  ...new Map(users.map((user) => [userKey(user), user])).values(),
]
