/** Conversations and messages between backends (federation-api.md §7). */
import { z } from 'zod'
import { between, from, named, notification, rpc, until } from '#src/kit/endpoint.ts'
import { ClientId, ConversationId, QualifiedUserId, Timestamp, UserId } from '../ids.ts'
import { orNull } from '../shapes.ts'
import {
  AddPermission,
  ConversationType,
  GroupConversationType,
  History,
  Milliseconds,
  ReceiptMode,
  TypingStatus,
} from '../vocabulary.ts'
import { ConversationAction, ConversationUpdate, ConversationUpdateV0 } from './conversation-updates.ts'
import {
  AccessList,
  AccessRoles,
  AnnouncedName,
  OtherMembers,
  Protocol,
  RemoteConversation,
  RemoteConversationV2,
} from './conversations.ts'
import { GalleyError } from './galley-errors.ts'
import { CONVERSATIONS_PER_REQUEST_MAX, USERS_PER_LIST_MAX } from './limits.ts'
import { MessageSendResponse, ProteusMessageSendRequest, RemoteMessage } from './messages.ts'
import { NotificationBatch, NotificationBatchResults } from './notification-batch.ts'
import {
  GetOne2OneConversationRequest,
  GetOne2OneConversationResponse,
  GetOne2OneConversationResponseV2,
} from './one2one.ts'
import { alternative, alternativeWith, Domains, either, EmptyResponse, Unit } from './shared.ts'

/** The creator is assumed to be `wire_admin` and not listed; members of third backends follow as an update. */
export const ConversationCreated = z.object({
  time: Timestamp,
  orig_user_id: UserId,
  cnv_id: ConversationId,
  cnv_type: ConversationType,
  cnv_access: AccessList,
  cnv_access_roles: AccessRoles,
  cnv_name: orNull(AnnouncedName),
  non_creator_members: OtherMembers,
  message_timer: orNull(Milliseconds),
  receipt_mode: orNull(ReceiptMode),
  protocol: Protocol,
  group_conv_type: orNull(GroupConversationType),
  channel_add_permission: orNull(AddPermission),
  history: orNull(History),
})
export type ConversationCreated = z.infer<typeof ConversationCreated>

const ConversationIds = z.array(ConversationId).max(CONVERSATIONS_PER_REQUEST_MAX)

export const GetConversationsRequest = z.object({ user_id: UserId, conv_ids: ConversationIds })
export type GetConversationsRequest = z.infer<typeof GetConversationsRequest>

const conversationList = <T extends z.ZodType>(conversation: T) =>
  z.object({ convs: z.array(conversation).max(CONVERSATIONS_PER_REQUEST_MAX) })

const conversationsFederation = named('galley', {
  'on-conversation-created': rpc('Tell that a conversation of ours was created and has some of their users in it.', {
    input: ConversationCreated,
    output: EmptyResponse,
  }),

  // COMPAT(v1): versions 0 and 1, with the older form of the protocol.
  'get-conversations-v0': rpc('Get those of some conversations that a user of ours is a member of.', {
    name: 'get-conversations',
    versions: until(2),
    input: GetConversationsRequest,
    output: conversationList(RemoteConversation),
  }),

  'get-conversations': rpc('Get those of some conversations that a user of ours is a member of.', {
    versions: from(2),
    input: GetConversationsRequest,
    output: conversationList(RemoteConversationV2),
  }),

  'send-message': rpc('Ask the owner of a conversation to accept a message from a user of ours.', {
    input: ProteusMessageSendRequest,
    output: MessageSendResponse,
  }),

  'on-message-sent': notification('Tell that a message was accepted into a conversation of ours.', {
    input: RemoteMessage,
  }),

  // COMPAT(v0): version 0 only.
  'on-conversation-updated-v0': notification('Tell that a conversation of ours has changed.', {
    name: 'on-conversation-updated',
    versions: until(1),
    input: ConversationUpdateV0,
  }),

  'on-conversation-updated': notification('Tell that a conversation of ours has changed.', {
    versions: from(1),
    input: ConversationUpdate,
  }),
})

export const RemoveFromConversationError = z.enum([
  'RemoveFromConversationErrorNotFound',
  'RemoveFromConversationErrorRemovalNotAllowed',
  'RemoveFromConversationErrorUnchanged',
])
export type RemoveFromConversationError = z.infer<typeof RemoveFromConversationError>

export const LeaveConversationResponse = either(RemoveFromConversationError, Unit)
export type LeaveConversationResponse = z.infer<typeof LeaveConversationResponse>

export const ConversationUpdateRequest = z.object({
  user: UserId,
  conv_id: ConversationId,
  action: ConversationAction,
})
export type ConversationUpdateRequest = z.infer<typeof ConversationUpdateRequest>

/** An update is always in the form of version 1 and later, and addressed to the asking backend. */
export const ConversationUpdateResponse = z.discriminatedUnion('tag', [
  alternativeWith('ConversationUpdateResponseUpdate', ConversationUpdate),
  alternative('ConversationUpdateResponseNoChanges'),
  alternativeWith('ConversationUpdateResponseError', GalleyError),
  alternativeWith(
    'ConversationUpdateResponseNonFederatingBackends',
    z.object({ non_federating_backends: Domains.length(2) }),
  ),
  alternativeWith('ConversationUpdateResponseUnreachableBackends', z.object({ unreachable_backends: Domains })),
])
export type ConversationUpdateResponse = z.infer<typeof ConversationUpdateResponse>

export const TypingDataUpdateRequest = z.object({
  typing_status: TypingStatus,
  user_id: UserId,
  conv_id: ConversationId,
})
export type TypingDataUpdateRequest = z.infer<typeof TypingDataUpdateRequest>

export const TypingDataUpdated = z.object({
  time: Timestamp,
  orig_user_id: QualifiedUserId,
  conv_id: ConversationId,
  users_in_conv: z.array(UserId).max(USERS_PER_LIST_MAX),
  typing_status: TypingStatus,
})
export type TypingDataUpdated = z.infer<typeof TypingDataUpdated>

export const TypingDataUpdateResponse = z.discriminatedUnion('tag', [
  alternativeWith('TypingDataUpdateSuccess', TypingDataUpdated),
  alternativeWith('TypingDataUpdateError', GalleyError),
])
export type TypingDataUpdateResponse = z.infer<typeof TypingDataUpdateResponse>

/** Changes of conversations that remote members ask for themselves. */
const membershipFederation = named('galley', {
  'leave-conversation': rpc('Ask the owner of a conversation to remove a user of ours who leaves.', {
    input: z.object({ conv_id: ConversationId, leaver: UserId }),
    output: LeaveConversationResponse,
  }),

  'update-conversation': rpc('Ask the owner of a conversation for a change that a user of ours wants.', {
    input: ConversationUpdateRequest,
    output: ConversationUpdateResponse,
  }),
})

/** Never queued: what is not told at once need not be told. */
const typingFederation = named('galley', {
  'update-typing-indicator': rpc('Tell the owner of a conversation that a user of ours types, or no longer does.', {
    input: TypingDataUpdateRequest,
    output: TypingDataUpdateResponse,
  }),

  'on-typing-indicator-updated': rpc('Tell that somebody types, or no longer does, in a conversation of ours.', {
    input: TypingDataUpdated,
    output: EmptyResponse,
  }),
})

/** An extension of ours. */
const promisesFederation = named('galley', {
  'forget-clients': rpc('Ask to forget what we promised about clients of our users: some of it is about to change.', {
    input: z.object({}),
    output: EmptyResponse,
  }),
})

/** An extension of ours. */
const batchFederation = named('galley', {
  'on-notifications': rpc('Tell several things at once, each as its own notification would.', {
    input: NotificationBatch,
    output: NotificationBatchResults,
  }),
})

const deletionFederation = named('galley', {
  'on-user-deleted-conversations': notification('Tell the owner of conversations that a user of ours is gone.', {
    input: z.object({ user: UserId, conversations: ConversationIds.min(1) }),
  }),
})

export const galleyFederation = {
  ...conversationsFederation,
  ...membershipFederation,
  ...typingFederation,
  ...deletionFederation,
  ...batchFederation,
  ...promisesFederation,
}

/** What MLS needs in addition; not served yet. */
export const galleyMlsFederation = named('galley', {
  'on-client-removed': notification('Tell the owner of conversations that a client of a user of ours is gone.', {
    input: z.object({ user: UserId, client: ClientId, convs: ConversationIds }),
  }),

  // COMPAT(v1): version 1 only.
  'get-one2one-conversation-v1': rpc('Get the MLS conversation that a user of ours has with one of theirs.', {
    name: 'get-one2one-conversation',
    versions: between(1, 2),
    input: GetOne2OneConversationRequest,
    output: GetOne2OneConversationResponse,
  }),

  'get-one2one-conversation': rpc('Get the MLS conversation that a user of ours has with one of theirs.', {
    versions: from(2),
    input: GetOne2OneConversationRequest,
    output: GetOne2OneConversationResponseV2,
  }),
})
