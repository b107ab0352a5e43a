/**
 * Whether a conversation of ours may be changed so, and what the change comes to (rules.md §4, federation-api.md
 * §7.6). Pure: everything is decided by how the conversation stands, so that it can be decided again under its lock.
 */
import type { ConversationAction } from '#src/contract/federation/conversation-updates.ts'
import type { QualifiedUserId } from '#src/contract/ids.ts'
import { type Access, type ConversationPermission, REGULAR_CONVERSATION } from '#src/contract/vocabulary.ts'
import { refuseJoiner } from './access.ts'
import {
  accepted,
  type Circumstances,
  distinctUsers,
  memberAmong,
  refused,
  UNCHANGED,
  type Verdict,
  type Wish,
} from './change.ts'
import { type Conversation, isSameUser, type Member, userKey } from './conversation.ts'
import { judgeAccess } from './judge-access.ts'
import { MEMBER, mayDo, mayGrant } from './roles.ts'
import type { Standing } from './store-changes.ts'

export const judge = (
  standing: Standing,
  { actor, wish }: { readonly actor: QualifiedUserId; readonly wish: Wish },
  circumstances: Circumstances,
): Verdict => {
  const own = memberAmong(standing, actor)
  if (wish.kind === 'enter')
    return judgeEntry(standing, { actor, by: wish.by, isMember: own !== undefined }, circumstances)
  // Strangers learn nothing: "not yours" and "does not exist" look the same from outside.
  if (!own) return refused('not-found')
  const { action } = wish
  if (!mayDo(own.role, PERMISSION_FOR[action.tag])) return refused('action-denied')
  if (standing.conversation.type !== REGULAR_CONVERSATION && !ON_ANY_TYPE.has(action.tag)) return refused('invalid-op')
  return judgeAction(standing, { own, action }, circumstances)
}

export const PERMISSION_FOR: Readonly<Record<ConversationAction['tag'], ConversationPermission>> = {
  ConversationJoinTag: 'add_conversation_member',
  ConversationLeaveTag: 'leave_conversation',
  ConversationRemoveMembersTag: 'remove_conversation_member',
  ConversationMemberUpdateTag: 'modify_other_conversation_member',
  ConversationDeleteTag: 'delete_conversation',
  ConversationRenameTag: 'modify_conversation_name',
  ConversationMessageTimerUpdateTag: 'modify_conversation_message_timer',
  ConversationReceiptModeUpdateTag: 'modify_conversation_receipt_mode',
  ConversationAccessDataTag: 'modify_conversation_access',
  ConversationUpdateProtocolTag: 'leave_conversation',
  ConversationUpdateAddPermissionTag: 'modify_add_permission',
  ConversationResetTag: 'leave_conversation',
  ConversationHistoryUpdateTag: 'modify_conversation_access',
}

const ON_ANY_TYPE: ReadonlySet<ConversationAction['tag']> = new Set(['ConversationRenameTag', 'ConversationResetTag'])

interface Acting {
  readonly own: Member
  readonly action: ConversationAction
}

const judgeAction = (standing: Standing, { own, action }: Acting, circumstances: Circumstances): Verdict => {
  const { conversation } = standing
  switch (action.tag) {
    case 'ConversationJoinTag':
      return judgeJoin(standing, { own, action }, circumstances)
    case 'ConversationLeaveTag':
      return accepted(standing, { action, remove: [own.user] })
    case 'ConversationRemoveMembersTag':
      return judgeRemoval(standing, action)
    case 'ConversationMemberUpdateTag':
      return judgePromotion(standing, { own, action })
    case 'ConversationDeleteTag':
      return conversation.team !== null && own.user.domain !== circumstances.domain
        ? refused('not-implemented')
        : accepted(standing, { action })
    case 'ConversationRenameTag':
      return isPartner(own, circumstances) ? refused('invalid-op') : accepted(standing, { action, set: action.action })
    case 'ConversationMessageTimerUpdateTag':
      return settle(standing, action, { messageTimer: action.action.message_timer })
    case 'ConversationReceiptModeUpdateTag':
      return conversation.protocol === 'mls'
        ? refused('mls-receipts-not-allowed')
        : settle(standing, action, { receiptMode: action.action.receipt_mode })
    case 'ConversationAccessDataTag':
      return judgeAccess(standing, { own, action }, circumstances)
    case 'ConversationUpdateProtocolTag':
      return action.action === conversation.protocol ? UNCHANGED : refused('invalid-protocol-transition')
    // Channels, resets and history are of MLS.
    case 'ConversationUpdateAddPermissionTag':
    case 'ConversationResetTag':
      return refused('invalid-op')
    case 'ConversationHistoryUpdateTag':
      return refused('history-not-supported')
    default:
      return action satisfies never
  }
}

type ActionOf<T extends ConversationAction['tag']> = Extract<ConversationAction, { tag: T }>

const judgeJoin = (
  standing: Standing,
  { own, action }: { readonly own: Member; readonly action: ActionOf<'ConversationJoinTag'> },
  circumstances: Circumstances,
): Verdict => {
  const { conversation, members } = standing
  const { users, role } = action.action
  if (conversation.protocol === 'mls' || isPartner(own, circumstances)) return refused('invalid-op')
  if (!mayGrant(own.role, role)) return refused('action-denied')
  if (own.user.domain !== circumstances.domain) return refused('not-implemented')
  const present = new Set(members.map(({ user }) => userKey(user)))
  const newcomers = distinctUsers(users).filter((user) => !present.has(userKey(user)))
  const [first, ...others] = newcomers
  if (!first) return UNCHANGED
  if (members.length + newcomers.length > circumstances.membersMax) return refused('too-many-members')
  if (!conversation.access.includes('invite')) return refused('access-denied')
  return accepted(standing, {
    action: { ...action, action: { ...action.action, users: [first, ...others] } },
    add: newcomers.map((user) => ({ user, role })),
  })
}

const judgeRemoval = (standing: Standing, action: ActionOf<'ConversationRemoveMembersTag'>): Verdict => {
  if (standing.conversation.protocol === 'mls') return refused('invalid-op')
  const targets = distinctUsers(action.action.targets).filter((user) => memberAmong(standing, user))
  return targets.length === 0
    ? UNCHANGED
    : accepted(standing, { action: { ...action, action: { ...action.action, targets } }, remove: targets })
}

const judgePromotion = (
  standing: Standing,
  { own, action }: { readonly own: Member; readonly action: ActionOf<'ConversationMemberUpdateTag'> },
): Verdict => {
  const { target, update } = action.action
  if (isSameUser(target, own.user)) return refused('invalid-op')
  if (!memberAmong(standing, target)) return refused('member-not-found')
  if (!mayGrant(own.role, update.conversation_role)) return refused('action-denied')
  return accepted(standing, { action, promote: [{ user: target, role: update.conversation_role }] })
}

interface Entering {
  readonly actor: QualifiedUserId
  readonly by: Access
  readonly isMember: boolean
}

/** Nobody has to let him in: the conversation is open to whoever has the code, or knows its id. */
const judgeEntry = (
  standing: Standing,
  { actor, by, isMember }: Entering,
  { membersMax, people }: Circumstances,
): Verdict => {
  const { conversation, members } = standing
  if (conversation.type !== REGULAR_CONVERSATION) return refused('access-denied')
  if (isMember) return UNCHANGED
  if (!conversation.access.includes(by)) return refused('access-denied')
  const objection = refuseJoiner(conversation, people.get(actor.id))
  if (objection) return refused(objection)
  if (members.length >= membersMax) return refused('too-many-members')
  return accepted(standing, {
    action: { tag: 'ConversationJoinTag', action: { users: [actor], role: MEMBER, join_type: 'external_add' } },
    add: [{ user: actor, role: MEMBER }],
  })
}

const settle = (standing: Standing, action: ConversationAction, set: Partial<Conversation>): Verdict => {
  const before: Readonly<Record<string, unknown>> = { ...standing.conversation }
  const isSame = Object.entries(set).every(([key, value]) => before[key] === value)
  return isSame ? UNCHANGED : accepted(standing, { action, set })
}

/** Team partners do what they are asked into (rules.md §4.2). */
const isPartner = ({ user }: Member, { domain, people }: Circumstances): boolean =>
  user.domain === domain && people.get(user.id)?.isPartner === true
