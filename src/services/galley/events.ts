/** Conversation events as clients get them (client-notifications.md §5.1). */
import type { Conversation as ClientConversation } from '#src/contract/client/conversation.ts'
import type { ConversationEvent } from '#src/contract/client/conversation-events.ts'
import type { ConversationAction, ConversationUpdate } from '#src/contract/federation/conversation-updates.ts'
import type {
  ClientId,
  QualifiedConversationId,
  QualifiedUserId,
  RoleName,
  TeamId,
  Timestamp,
} from '#src/contract/ids.ts'
import type { Access, AccessRole, JoinType, LeaveReason, TypingStatus } from '#src/contract/vocabulary.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { legacyAccessRole } from './access.ts'
import { oldForm } from './client-view.ts'
import { type EventTime, type LATER, timestampOf } from './event-times.ts'

/** Where, by whom and when: the part that all conversation events have. */
export interface Happening {
  readonly conversation: QualifiedConversationId
  readonly from: QualifiedUserId
  readonly time: EventTime
  /** Of the conversation, where its owner is ours and it has one. */
  readonly team?: TeamId | null
}

const envelope = ({ conversation, from, team }: Omit<Happening, 'time'>, type: string, data: unknown) => ({
  type,
  conversation: conversation.id,
  qualified_conversation: conversation,
  from: from.id,
  qualified_from: from,
  ...(team && { team }),
  data,
})

const event = (happening: Happening, type: string, data: unknown): ConversationEvent => ({
  ...envelope(happening, type, data),
  time: timestampOf(happening.time),
})

/** `view` is the recipient's own: he finds himself in `members.self`. */
export const createEvent = (happening: Happening, view: ClientConversation): ConversationEvent =>
  event(happening, 'conversation.create', oldForm(view))

export interface Joining {
  readonly users: readonly QualifiedUserId[]
  readonly role: RoleName
  readonly addType?: JoinType
}

export const joinEvent = (
  happening: Happening,
  { users, role, addType = 'internal_add' }: Joining,
): ConversationEvent =>
  event(happening, 'conversation.member-join', {
    users: users.map((user) => ({ qualified_id: user, id: user.id, conversation_role: role })),
    user_ids: users.map(({ id }) => id),
    add_type: addType,
  })

export const leaveEvent = (
  happening: Happening,
  { users, reason }: { readonly users: readonly QualifiedUserId[]; readonly reason: LeaveReason },
): ConversationEvent =>
  event(happening, 'conversation.member-leave', {
    reason,
    qualified_user_ids: users,
    user_ids: users.map(({ id }) => id),
  })

/** What somebody set up for himself; only his own devices hear of it. */
export const ownSettingsEvent = (
  happening: Happening,
  settings: Readonly<Record<string, unknown>>,
): ConversationEvent =>
  event(happening, 'conversation.member-update', {
    qualified_target: happening.from,
    target: happening.from.id,
    ...settings,
  })

/** As those see it who may hand on the link. */
export const codeUpdateEvent = (happening: Happening, code: Readonly<Record<string, unknown>>): ConversationEvent =>
  event(happening, 'conversation.code-update', code)

export const codeDeleteEvent = (happening: Happening): ConversationEvent =>
  event(happening, 'conversation.code-delete', null)

export const typingEvent = (happening: Happening, status: TypingStatus): ConversationEvent =>
  event(happening, 'conversation.typing', status)

/** To the one who asks: his request has made a conversation in which he is still alone. */
export const connectRequestEvent = (happening: Happening, recipient: QualifiedUserId): ConversationEvent =>
  event(happening, 'conversation.connect-request', {
    qualified_recipient: recipient,
    recipient: recipient.id,
    message: null,
    name: null,
    email: null,
  })

export interface MessageParts {
  readonly sender: ClientId
  readonly recipient: ClientId
  /** Base64. */
  readonly text: string
  /** Base64; what all recipients get alike. */
  readonly data: string
}

/** Our own messages get their time where they are stored, together with others; those of other owners have one. */
export interface MessageHappening extends Omit<Happening, 'time'> {
  readonly time: Timestamp | typeof LATER
}

export const messageEvent = (
  happening: MessageHappening,
  { sender, recipient, text, data }: MessageParts,
): PushedEvent => ({
  ...envelope(happening, 'conversation.otr-message-add', { sender, recipient, text, data }),
  time: happening.time,
})

const accessUpdateEvent = (
  happening: Happening,
  { access, access_role: roles }: { readonly access: readonly Access[]; readonly access_role: readonly AccessRole[] },
): ConversationEvent =>
  event(happening, 'conversation.access-update', {
    access,
    access_role: legacyAccessRole(roles),
    access_role_v2: roles,
  })

/** The event of a change; undefined for what clients are not to be told of. */
export const updateEvent = (
  happening: Happening,
  action: ConversationAction,
  extra: ConversationUpdate['extraConversationData'] = null,
): ConversationEvent | undefined => {
  switch (action.tag) {
    case 'ConversationJoinTag': {
      const { users, role, join_type: addType } = action.action
      return joinEvent(happening, { users, role, addType })
    }
    case 'ConversationLeaveTag':
      return leaveEvent(happening, { users: [happening.from], reason: 'left' })
    case 'ConversationRemoveMembersTag':
      return leaveEvent(happening, { users: action.action.targets, reason: action.action.reason })
    case 'ConversationMemberUpdateTag': {
      const { target, update } = action.action
      return event(happening, 'conversation.member-update', {
        qualified_target: target,
        target: target.id,
        conversation_role: update.conversation_role,
      })
    }
    case 'ConversationDeleteTag':
      return event(happening, 'conversation.delete', null)
    case 'ConversationRenameTag':
      return event(happening, 'conversation.rename', action.action)
    case 'ConversationMessageTimerUpdateTag':
      return event(happening, 'conversation.message-timer-update', action.action)
    case 'ConversationReceiptModeUpdateTag':
      return event(happening, 'conversation.receipt-mode-update', action.action)
    case 'ConversationAccessDataTag':
      return accessUpdateEvent(happening, action.action)
    case 'ConversationUpdateProtocolTag':
      return event(happening, 'conversation.protocol-update', { protocol: action.action })
    case 'ConversationUpdateAddPermissionTag':
      return event(happening, 'conversation.add-permission-update', action.action)
    case 'ConversationResetTag': {
      const groupId = extra?.group_id
      if (groupId === null || groupId === undefined) return undefined
      return event(happening, 'conversation.mls-reset', { group_id: action.action.group_id, new_group_id: groupId })
    }
    // No client knows such an event yet (client-notifications.md §5.1).
    case 'ConversationHistoryUpdateTag':
      return undefined
    default:
      return action satisfies never
  }
}
