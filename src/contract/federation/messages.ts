/** Encrypted messages to the owner of a conversation and on to the members (federation-api.md §4.12, §7.4, §7.5). */
import { z } from 'zod'
import { ClientId, ConversationId, QualifiedUserId, Timestamp, UserId } from '../ids.ts'
import { base64, opaqueText, orNull } from '../shapes.ts'
import { MessagePriority } from '../vocabulary.ts'
import { CIPHERTEXT_CHARACTERS_MAX, RAW_MESSAGE_BYTES_MAX, USERS_PER_LIST_MAX } from './limits.ts'
import { alternative, alternativeWith, either, QualifiedUserClients, userClientMap } from './shared.ts'

/** Which clients were forgotten, superfluous, gone, or not reached. */
export const MessageSendingStatus = z.object({
  time: Timestamp,
  missing: QualifiedUserClients,
  redundant: QualifiedUserClients,
  deleted: QualifiedUserClients,
  failed_to_send: QualifiedUserClients,
  failed_to_confirm_clients: QualifiedUserClients,
})
export type MessageSendingStatus = z.infer<typeof MessageSendingStatus>

/** `raw_message` is the protobuf QualifiedNewOtrMessage as the sender's client wrote it. */
export const ProteusMessageSendRequest = z.object({
  conv_id: ConversationId,
  sender: UserId,
  raw_message: base64(RAW_MESSAGE_BYTES_MAX),
})
export type ProteusMessageSendRequest = z.infer<typeof ProteusMessageSendRequest>

export const MessageNotSent = z.discriminatedUnion('tag', [
  alternativeWith('MessageNotSentClientMissing', MessageSendingStatus),
  alternative('MessageNotSentConversationNotFound'),
  alternative('MessageNotSentUnknownClient'),
  alternative('MessageNotSentLegalholdOldClients'),
  alternative('MessageNotSentLegalhold'),
])
export type MessageNotSent = z.infer<typeof MessageNotSent>

export const MessageSendResponse = either(MessageNotSent, MessageSendingStatus)
export type MessageSendResponse = z.infer<typeof MessageSendResponse>

/** Ciphertext stays the text it is: the protocol does not promise that it is Base64. */
const Ciphertext = opaqueText(CIPHERTEXT_CHARACTERS_MAX)

/** `recipients` are users of the addressed backend, `conversation` is one of the sender's. */
export const RemoteMessage = z.object({
  time: Timestamp,
  data: orNull(Ciphertext),
  sender: QualifiedUserId,
  sender_client: ClientId,
  conversation: ConversationId,
  priority: orNull(MessagePriority),
  push: z.boolean(),
  transient: z.boolean(),
  recipients: userClientMap(Ciphertext, USERS_PER_LIST_MAX),
})
export type RemoteMessage = z.infer<typeof RemoteMessage>
