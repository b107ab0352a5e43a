/** Conversations as clients see them (client-conversations.md §2). */
import { z } from 'zod'
import { AnnouncedName } from '../federation/conversations.ts'
import { ServiceReference } from '../federation/users.ts'
import { ConversationId, QualifiedConversationId, QualifiedUserId, RoleName, TeamId, UserId } from '../ids.ts'
import {
  Access,
  AccessRole,
  AddPermission,
  CellsState,
  ConversationProtocol,
  ConversationType,
  GroupConversationType,
  Milliseconds,
  ReceiptMode,
} from '../vocabulary.ts'

/** Fields that once meant something and that clients still read. */
export const LAST_EVENT = '0.0'
export const LAST_EVENT_TIME = '1970-01-01T00:00:00.000Z'

export const REFERENCE_CHARACTERS_MAX = 256
const OTHERS_MAX = 10_000

export const OtherConversationMember = z.object({
  qualified_id: QualifiedUserId,
  id: UserId,
  conversation_role: RoleName,
  service: ServiceReference.optional(),
  status: z.literal(0),
})
export type OtherConversationMember = z.infer<typeof OtherConversationMember>

/** The caller himself; his own settings are nobody else's business and stay on his backend. */
export const SelfMember = z.object({
  qualified_id: QualifiedUserId,
  id: UserId,
  conversation_role: RoleName,
  service: ServiceReference.nullable(),
  status: z.literal(0),
  status_ref: z.literal(LAST_EVENT),
  status_time: z.literal(LAST_EVENT_TIME),
  otr_muted_status: z.int32().nullable(),
  otr_muted_ref: z.string().max(REFERENCE_CHARACTERS_MAX).nullable(),
  otr_archived: z.boolean(),
  otr_archived_ref: z.string().max(REFERENCE_CHARACTERS_MAX).nullable(),
  hidden: z.boolean(),
  hidden_ref: z.string().max(REFERENCE_CHARACTERS_MAX).nullable(),
})
export type SelfMember = z.infer<typeof SelfMember>

const fields = {
  qualified_id: QualifiedConversationId,
  id: ConversationId,
  type: ConversationType,
  /** A bare id, also when the creator is on another backend. */
  creator: UserId.nullable(),
  /** Other backends may allow longer names than we do. */
  name: AnnouncedName.nullable(),
  team: TeamId.nullable(),
  access: z.array(Access),
  message_timer: Milliseconds.nullable(),
  receipt_mode: ReceiptMode.nullable(),
  last_event: z.literal(LAST_EVENT),
  last_event_time: z.literal(LAST_EVENT_TIME),
  protocol: ConversationProtocol,
  group_conv_type: GroupConversationType.nullable(),
  add_permission: AddPermission.nullable(),
  cells_state: CellsState,
  members: z.object({ self: SelfMember, others: z.array(OtherConversationMember).max(OTHERS_MAX) }),
}

export const Conversation = z.object({ ...fields, access_role: z.array(AccessRole) })
export type Conversation = z.infer<typeof Conversation>

export const LegacyAccessRole = z.enum(['private', 'team', 'activated', 'non_activated'])
export type LegacyAccessRole = z.infer<typeof LegacyAccessRole>

/** COMPAT(v2): clients below version 3 and, whatever the version, events (client-api-versions.md §3.2, S1). */
export const ConversationOld = z.object({
  ...fields,
  access_role: LegacyAccessRole,
  access_role_v2: z.array(AccessRole),
})
export type ConversationOld = z.infer<typeof ConversationOld>
