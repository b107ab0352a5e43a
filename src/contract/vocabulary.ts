/** Enumerations and numbers that clients and backends share (federation-api.md §3). */
import { z } from 'zod'

export const LegalHoldStatus = z.enum(['enabled', 'pending', 'disabled', 'no_consent'])
export type LegalHoldStatus = z.infer<typeof LegalHoldStatus>

export const UserType = z.enum(['regular', 'app', 'bot'])
export type UserType = z.infer<typeof UserType>

export const UserTypeFilter = z.enum(['regular', 'app'])
export type UserTypeFilter = z.infer<typeof UserTypeFilter>

/** What a user supports; a conversation can in addition be on its way from one to the other. */
export const BaseProtocol = z.enum(['proteus', 'mls'])
export type BaseProtocol = z.infer<typeof BaseProtocol>

export const ConversationProtocol = z.enum(['proteus', 'mls', 'mixed'])
export type ConversationProtocol = z.infer<typeof ConversationProtocol>

export const ClientClass = z.enum(['phone', 'tablet', 'desktop', 'legalhold'])
export type ClientClass = z.infer<typeof ClientClass>

export const REGULAR_CONVERSATION = 0
export const SELF_CONVERSATION = 1
export const ONE_TO_ONE_CONVERSATION = 2
export const CONNECT_CONVERSATION = 3

export const ConversationType = z.literal([
  REGULAR_CONVERSATION,
  SELF_CONVERSATION,
  ONE_TO_ONE_CONVERSATION,
  CONNECT_CONVERSATION,
])
export type ConversationType = z.infer<typeof ConversationType>

export const GroupConversationType = z.enum(['group_conversation', 'channel', 'meeting'])
export type GroupConversationType = z.infer<typeof GroupConversationType>

export const Access = z.enum(['private', 'invite', 'link', 'code'])
export type Access = z.infer<typeof Access>

export const AccessRole = z.enum(['team_member', 'non_team_member', 'guest', 'service'])
export type AccessRole = z.infer<typeof AccessRole>

export const AddPermission = z.enum(['admins', 'everyone'])
export type AddPermission = z.infer<typeof AddPermission>

export const CellsState = z.enum(['disabled', 'pending', 'ready'])
export type CellsState = z.infer<typeof CellsState>

export const JoinType = z.enum(['external_add', 'internal_add'])
export type JoinType = z.infer<typeof JoinType>

export const LeaveReason = z.enum(['left', 'user-deleted', 'removed'])
export type LeaveReason = z.infer<typeof LeaveReason>

export const MessagePriority = z.enum(['low', 'high'])
export type MessagePriority = z.infer<typeof MessagePriority>

export const SearchPolicy = z.enum(['no_search', 'exact_handle_search', 'full_search'])
export type SearchPolicy = z.infer<typeof SearchPolicy>

export const TypingStatus = z.object({ status: z.enum(['started', 'stopped']) })
export type TypingStatus = z.infer<typeof TypingStatus>

/** How much of the past new members may see: nothing (`null`), everything, or a number of seconds. */
export const History = z.object({ depth: z.string().regex(/^(?:infinite|[0-9]{1,19})$/) }).nullable()
export type History = z.infer<typeof History>

/** What a role may permit; these names also appear inside errors (federation-api.md §4.6). */
export const ConversationPermission = z.enum([
  'add_conversation_member',
  'remove_conversation_member',
  'modify_conversation_name',
  'modify_conversation_message_timer',
  'modify_conversation_receipt_mode',
  'modify_conversation_access',
  'modify_other_conversation_member',
  'leave_conversation',
  'delete_conversation',
  'modify_add_permission',
])
export type ConversationPermission = z.infer<typeof ConversationPermission>

export const CipherSuite = z.int().min(0).max(0xffff)
export type CipherSuite = z.infer<typeof CipherSuite>

/** In the query of a request: hexadecimal with or without leading zeros; decimal from old clients. */
export const CipherSuiteText = z
  .string()
  .regex(/^(?:0x[0-9a-fA-F]{1,8}|[0-9]{1,8})$/)
  .transform(Number)

export const SignatureScheme = z.enum([
  'ed25519',
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
])
export type SignatureScheme = z.infer<typeof SignatureScheme>

/**
 * The protocol has 64 bits; we refuse what a JSON number of this language cannot hold exactly, which no group
 * reaches by counting commits.
 */
export const Epoch = z.int().min(0)
export type Epoch = z.infer<typeof Epoch>

/** Negative becomes 0. Beyond 2^53 (285,000 years) it is cut, which nobody will live to notice. */
export const Milliseconds = z
  .number()
  .max(2 ** 63)
  .refine(Number.isInteger, 'must be a whole number')
  .overwrite((value) => Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER))
export type Milliseconds = z.infer<typeof Milliseconds>

export const ReceiptMode = z.int32()
export type ReceiptMode = z.infer<typeof ReceiptMode>

export const AccentId = z.int32()
export type AccentId = z.infer<typeof AccentId>
