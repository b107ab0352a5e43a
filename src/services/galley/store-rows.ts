/** A row of `conversations` as a conversation. */
import { sql } from 'kysely'
import type { ConversationId, TeamId, UserId } from '#src/contract/ids.ts'
import type { Access, AccessRole, ConversationProtocol, ConversationType } from '#src/contract/vocabulary.ts'
import type { Conversation } from './conversation.ts'

export interface ConversationColumns {
  readonly id: ConversationId
  readonly type: ConversationType
  readonly creator: UserId
  readonly name: string | null
  readonly access: readonly Access[]
  readonly access_roles: readonly AccessRole[]
  readonly protocol: ConversationProtocol
  // Drivers give 64-bit numbers as text, number or bigint.
  readonly message_timer: string | number | bigint | null
  readonly receipt_mode: number | null
  readonly team: TeamId | null
  readonly parent: ConversationId | null
}

/** Of the table that a query calls `c`. */
export const conversationColumns = sql`c.id, c.type, c.creator, c.name, c.access, c.access_roles, c.protocol,
  c.message_timer, c.receipt_mode, c.team, c.parent`

export const conversationOf = (row: ConversationColumns): Conversation => ({
  id: row.id,
  type: row.type,
  creator: row.creator,
  name: row.name,
  access: row.access,
  accessRoles: row.access_roles,
  protocol: row.protocol,
  messageTimer: row.message_timer === null ? null : Number(row.message_timer),
  receiptMode: row.receipt_mode,
  team: row.team,
  parent: row.parent,
})
