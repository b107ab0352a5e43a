/** Connections between two users, as clients and our own parts see them (client-users.md §7). */
import { z } from 'zod'
import { ConversationId, QualifiedConversationId, QualifiedUserId, Timestamp, UserId } from './ids.ts'

export const ConnectionStatus = z.enum([
  'sent',
  'pending',
  'accepted',
  'ignored',
  'blocked',
  'cancelled',
  'missing-legalhold-consent',
])
export type ConnectionStatus = z.infer<typeof ConnectionStatus>

/** Always seen from the side of `from`. */
export const Connection = z.object({
  from: UserId,
  to: UserId,
  qualified_to: QualifiedUserId,
  status: ConnectionStatus,
  last_update: Timestamp,
  conversation: ConversationId,
  qualified_conversation: QualifiedConversationId,
})
export type Connection = z.infer<typeof Connection>
