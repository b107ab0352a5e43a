/** Conversations and messages for clients (client-conversations.md). */
import { z } from 'zod'
import { MessageSendingStatus } from '#src/contract/federation/messages.ts'
import { answer, bytesBody, endpoint, failure, from, until } from '#src/kit/endpoint.ts'
import {
  ConversationId,
  ConversationName,
  Domain,
  QualifiedConversationId,
  QualifiedUserId,
  RoleName,
  TeamId,
  UserId,
} from '../ids.ts'
import { Access, AccessRole, BaseProtocol, GroupConversationType, Milliseconds, ReceiptMode } from '../vocabulary.ts'
import { Conversation, ConversationOld, LegacyAccessRole } from './conversation.ts'
import { accessDenied, ConversationPath, noConversation } from './conversation-events.ts'
import { NonFederatingBackends, protocolNotFederated, UnreachableBackends } from './federation-failures.ts'
import { galleyChanges } from './galley-changes.ts'
import {
  ACCESS_VALUES_MAX,
  CONVERSATION_IDS_PAGE_MAX,
  CONVERSATIONS_PER_LIST_MAX,
  LISTED_MEMBERS_MAX,
  PAGING_STATE_CHARACTERS_MAX,
  PROTEUS_MESSAGE_BYTES_MAX,
} from './galley-limits.ts'
import { galleyCodes } from './galley-codes.ts'
import { galleyLists } from './galley-lists.ts'
import { galleyMembers } from './galley-members.ts'
import { ConversationRoles, galleyTeams } from './galley-teams.ts'
import { legacyMessages } from './legacy-messages.ts'

const AccessRoles = z.array(AccessRole).max(ACCESS_VALUES_MAX)

/** Stock clients send `null` for what they leave out. */
export const NewConversation = z.object({
  name: ConversationName.nullish(),
  qualified_users: z.array(QualifiedUserId).max(LISTED_MEMBERS_MAX).nullish(),
  /** COMPAT(v1): users of this backend. */
  users: z.array(UserId).max(LISTED_MEMBERS_MAX).nullish(),
  access: z.array(Access).max(ACCESS_VALUES_MAX).nullish(),
  access_role: z.union([AccessRoles, LegacyAccessRole]).nullish(),
  /** COMPAT(v2): wins over `access_role`. */
  access_role_v2: AccessRoles.nullish(),
  team: z.object({ teamid: TeamId }).nullish(),
  message_timer: Milliseconds.nullish(),
  receipt_mode: ReceiptMode.nullish(),
  /** Of the added users; who creates is an admin. */
  conversation_role: RoleName.nullish(),
  protocol: BaseProtocol.nullish(),
  group_conv_type: GroupConversationType.nullish(),
  /** A conversation of this backend that the creator is in: its members are those of the new one. */
  parent: ConversationId.nullish(),
})
export type NewConversation = z.infer<typeof NewConversation>

const QualifiedConversationPath = z.object({ domain: Domain, conversation: ConversationId })

const conversationAnswers = {
  found: answer(200, Conversation, '', from(3)),
  'found-old': answer(200, ConversationOld, '', until(3)),
}

const conversationList = <T extends z.ZodType>(conversation: T) =>
  z.object({
    found: z.array(conversation),
    not_found: z.array(QualifiedConversationId).describe('Unknown, or the caller is not in it.'),
    failed: z.array(QualifiedConversationId).describe('The owner could not be asked; worth another try later.'),
  })

const galleyConversations = {
  'create-conversation': endpoint('Create a group.', {
    method: 'POST',
    path: '/conversations',
    access: 'token',
    body: NewConversation,
    answers: {
      created: answer(
        201,
        Conversation.extend({ failed_to_add: z.array(QualifiedUserId).describe('Always empty.') }),
        'The conversation as its creator sees it.',
        from(3),
      ),
      'created-old': answer(201, ConversationOld, 'The conversation as its creator sees it.', until(3)),
      'too-many-members': failure(400, 'bad-request', 'Too many members'),
      'mls-not-enabled': failure(400, 'mls-not-enabled', 'MLS is not enabled on this backend'),
      'not-mls-conversation': failure(403, 'not-mls-conversation', 'Channels need MLS'),
      'operation-denied': failure(403, 'operation-denied', 'An account without verified address cannot do this'),
      'no-team-member': failure(403, 'no-team-member', 'You are not a member of this team'),
      'not-connected': failure(403, 'not-connected', 'Users are not connected'),
      'access-denied': accessDenied,
      'protocol-not-federated': protocolNotFederated,
      'non-federating': answer(409, NonFederatingBackends, 'Two backends that do not federate with each other.'),
      unreachable: answer(533, UnreachableBackends, 'All backends that cannot be reached.', from(4)),
      'unreachable-old': failure(533, 'federation-connection-refused', 'A backend cannot be reached'),
    },
  }),

  'create-self-conversation': endpoint('The conversation with oneself, by which own devices keep in step.', {
    method: 'POST',
    path: '/conversations/self',
    access: 'token',
    answers: {
      created: answer(201, Conversation, '', from(3)),
      'created-old': answer(201, ConversationOld, '', until(3)),
      existed: answer(200, Conversation, '', from(3)),
      'existed-old': answer(200, ConversationOld, '', until(3)),
    },
  }),

  'get-conversation': endpoint('One conversation, from its owner.', {
    method: 'GET',
    path: '/conversations/{domain}/{conversation}',
    aliases: [{ path: '/conversations/{conversation}' }],
    access: 'token',
    params: ConversationPath,
    answers: { ...conversationAnswers, 'access-denied': accessDenied, 'not-found': noConversation },
  }),

  'list-conversation-ids': endpoint('Ids of all conversations of the caller, those on this backend first.', {
    method: 'POST',
    path: '/conversations/list-ids',
    access: 'token',
    body: z
      .object({
        size: z.int().min(1).max(CONVERSATION_IDS_PAGE_MAX).nullish(),
        paging_state: z.string().max(PAGING_STATE_CHARACTERS_MAX).nullish(),
      })
      .prefault({}),
    answers: {
      page: answer(
        200,
        z.object({
          qualified_conversations: z.array(QualifiedConversationId),
          has_more: z.boolean(),
          paging_state: z.string().describe('Opaque; sent back to get the next page.'),
        }),
      ),
      'bad-paging-state': failure(400, 'bad-request', 'The paging state is none of ours'),
    },
  }),

  'list-conversations': endpoint('Many conversations, each from its owner; owners that are away fail nothing else.', {
    method: 'POST',
    path: '/conversations/list',
    aliases: [{ path: '/conversations/list/v2' }],
    access: 'token',
    body: z.object({ qualified_ids: z.array(QualifiedConversationId).min(1).max(CONVERSATIONS_PER_LIST_MAX) }),
    answers: {
      list: answer(200, conversationList(Conversation), '', from(3)),
      'list-old': answer(200, conversationList(ConversationOld), '', until(3)),
    },
  }),

  'get-conversation-roles': endpoint('The roles that members of a conversation can have.', {
    method: 'GET',
    path: '/conversations/{conversation}/roles',
    access: 'token',
    params: z.object({ conversation: ConversationId }),
    answers: {
      roles: answer(200, ConversationRoles),
      'access-denied': accessDenied,
      'not-found': noConversation,
    },
  }),

  'post-message': endpoint('Send a Proteus message; the body is a protobuf QualifiedNewOtrMessage.', {
    method: 'POST',
    path: '/conversations/{domain}/{conversation}/proteus/messages',
    access: 'token',
    params: QualifiedConversationPath,
    body: bytesBody('application/x-protobuf'),
    bodyLimit: PROTEUS_MESSAGE_BYTES_MAX,
    answers: {
      sent: answer(201, MessageSendingStatus),
      mismatch: answer(412, MessageSendingStatus, 'Clients were forgotten, and nothing was sent.'),
      malformed: failure(400, 'bad-request', 'The message cannot be read'),
      'unknown-client': failure(403, 'unknown-client', 'The sending client is not one of yours'),
      'legalhold-consent-missing': failure(403, 'missing-legalhold-consent', 'A consent to legal hold is missing'),
      'legalhold-clients-too-old': failure(
        403,
        'missing-legalhold-consent-old-clients',
        'A client is too old for legal hold',
      ),
      'not-found': noConversation,
    },
  }),
}

export const galleyClient = {
  ...galleyConversations,
  ...galleyLists,
  ...galleyMembers,
  ...galleyChanges,
  ...galleyCodes,
  ...galleyTeams,
  ...legacyMessages,
}
