/**
 * COMPAT(v0): messages as apps of before federation send them, to clients of their own backend
 * (client-conversations.md §8). In JSON or as a protobuf NewOtrMessage.
 */
import { z } from 'zod'
import { MessageSendingStatus } from '#src/contract/federation/messages.ts'
import { answer, bytesBody, endpoint, failure } from '#src/kit/endpoint.ts'
import { ClientId, UserId } from '../ids.ts'
import {
  CLIENT_ID_DIGITS_MAX,
  PROTEUS_CLIENTS_PER_USER_MAX,
  PROTEUS_STRATEGY_USERS_MAX,
  PROTEUS_TEXT_BYTES_MAX,
} from '../limits.ts'
import { base64 } from '../shapes.ts'
import { MessagePriority } from '../vocabulary.ts'
import { ConversationPath, noConversation } from './conversation-events.ts'
import { PROTEUS_MESSAGE_BYTES_MAX } from './galley-limits.ts'

const UUID_CHARACTERS = 36
const HEADER_CHARACTERS_MAX = 256

/** `true`, `false`, nothing, or ids of users with commas between. */
const Flag = z
  .string()
  .max(PROTEUS_STRATEGY_USERS_MAX * (UUID_CHARACTERS + 1))
  .optional()

const ClientKey = z.string().max(CLIENT_ID_DIGITS_MAX).pipe(ClientId)
const Texts = z
  .record(ClientKey, base64(PROTEUS_TEXT_BYTES_MAX))
  .refine((texts) => Object.keys(texts).length <= PROTEUS_CLIENTS_PER_USER_MAX, 'too many clients of one user')

/** Bytes are Base64, clients hexadecimal. */
export const NewOtrMessage = z.object({
  sender: ClientId,
  recipients: z.record(UserId, Texts),
  native_push: z.boolean().nullish(),
  data: base64(PROTEUS_TEXT_BYTES_MAX).nullish(),
  native_priority: MessagePriority.nullish(),
  transient: z.boolean().nullish(),
  report_missing: z.array(UserId).max(PROTEUS_STRATEGY_USERS_MAX).nullish(),
})
export type NewOtrMessage = z.infer<typeof NewOtrMessage>

const LocalUserClients = z.record(UserId, z.array(ClientId))

export const LegacySendingStatus = MessageSendingStatus.pick({ time: true }).extend({
  missing: LocalUserClients,
  redundant: LocalUserClients,
  deleted: LocalUserClients,
})
export type LegacySendingStatus = z.infer<typeof LegacySendingStatus>

export const legacyMessages = {
  'post-otr-message': endpoint('Send a Proteus message to clients of this backend, in the form of before federation.', {
    method: 'POST',
    path: '/conversations/{conversation}/otr/messages',
    access: 'token',
    params: ConversationPath,
    query: z.object({ ignore_missing: Flag, report_missing: Flag }),
    headers: z.object({ 'content-type': z.string().max(HEADER_CHARACTERS_MAX).default('') }),
    body: bytesBody('application/json', 'application/x-protobuf'),
    bodyLimit: PROTEUS_MESSAGE_BYTES_MAX,
    answers: {
      sent: answer(201, LegacySendingStatus),
      mismatch: answer(412, LegacySendingStatus, 'Clients were forgotten, and nothing was sent.'),
      malformed: failure(400, 'bad-request', 'The message cannot be read'),
      'unknown-client': failure(403, 'unknown-client', 'The sending client is not one of yours'),
      'not-found': noConversation,
    },
  }),
}
