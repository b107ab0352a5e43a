/** Conversations of this backend as galley holds them, and how members see them. */
import type { ConversationMetadata, OtherMember, RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import { ConversationId, type QualifiedUserId, type RoleName, type TeamId, type UserId } from '#src/contract/ids.ts'
import {
  type Access,
  type AccessRole,
  type ConversationProtocol,
  type ConversationType,
  SELF_CONVERSATION,
} from '#src/contract/vocabulary.ts'
import { PRIVATE_ACCESS, PRIVATE_ACCESS_ROLES } from './access.ts'
import { ADMIN } from './roles.ts'

export interface Conversation {
  readonly id: ConversationId
  readonly type: ConversationType
  /** A user of this backend. */
  readonly creator: UserId
  readonly name: string | null
  readonly access: readonly Access[]
  readonly accessRoles: readonly AccessRole[]
  readonly protocol: ConversationProtocol
  readonly messageTimer: number | null
  readonly receiptMode: number | null
  /** The team of this backend that it belongs to. */
  readonly team: TeamId | null
  /** The conversation whose members it took over when it was created. */
  readonly parent?: ConversationId | null
}

export interface Member {
  readonly user: QualifiedUserId
  readonly role: RoleName
}

/** What a member set up for himself; stored where the member is, whoever owns the conversation. */
export interface OwnSettings {
  readonly otrMutedStatus: number | null
  readonly otrMutedRef: string | null
  readonly otrArchived: boolean
  readonly otrArchivedRef: string | null
  readonly hidden: boolean
  readonly hiddenRef: string | null
}

export const NO_SETTINGS: OwnSettings = {
  otrMutedStatus: null,
  otrMutedRef: null,
  otrArchived: false,
  otrArchivedRef: null,
  hidden: false,
  hiddenRef: null,
}

/** For sets and maps of users. */
export const userKey = ({ domain, id }: QualifiedUserId): string => `${id}@${domain}`

export const isSameUser = (one: QualifiedUserId, other: QualifiedUserId): boolean =>
  one.id === other.id && one.domain === other.domain

/**
 * What a member is shown, in the form in which other backends get it. Clients of this backend get theirs made from
 * the same (`client-view.ts`), so that a conversation looks alike wherever its owner is.
 */
export const asSeenBy = (
  conversation: Conversation,
  members: readonly Member[],
  viewer: Member,
): RemoteConversationV2 => ({
  id: conversation.id,
  metadata: metadataOf(conversation),
  members: {
    self_role: viewer.role,
    others: members.filter(({ user }) => !isSameUser(user, viewer.user)).map(otherMember),
  },
  protocol: { protocol: 'proteus' },
})

export const metadataOf = (conversation: Conversation): ConversationMetadata => ({
  type: conversation.type,
  creator: conversation.creator,
  access: [...conversation.access],
  access_role: [...conversation.accessRoles],
  name: conversation.name,
  last_event: '0.0',
  last_event_time: '1970-01-01T00:00:00.000Z',
  team: conversation.team,
  message_timer: conversation.messageTimer,
  receipt_mode: conversation.receiptMode,
  group_conv_type: 'group_conversation',
  add_permission: null,
  cells_state: 'disabled',
  parent: conversation.parent ?? null,
  history: null,
})

export const otherMember = ({ user, role }: Member): OtherMember => ({
  qualified_id: user,
  id: user.id,
  conversation_role: role,
  status: 0,
})

/** Has the id of its user and exists for everybody from the start; stored when it is first needed. */
export const selfConversation = (user: UserId): Conversation => ({
  id: ConversationId.parse(user),
  type: SELF_CONVERSATION,
  creator: user,
  name: null,
  access: PRIVATE_ACCESS,
  accessRoles: PRIVATE_ACCESS_ROLES,
  protocol: 'proteus',
  messageTimer: null,
  receiptMode: null,
  team: null,
})

export const isSelfConversationOf = (user: UserId, conversation: ConversationId): boolean =>
  conversation === ConversationId.parse(user)

export const selfMember = (user: QualifiedUserId): Member => ({ user, role: ADMIN })
