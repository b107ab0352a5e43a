/** Conversations as members on other backends see them (federation-api.md §4.6 to §4.9). */
import { z } from 'zod'
import { ConversationId, QualifiedUserId, RoleName, TeamId, Timestamp, UserId } from '../ids.ts'
import { omitted, orDefault, orNull, set, text } from '../shapes.ts'
import {
  Access,
  AccessRole,
  AddPermission,
  CellsState,
  CipherSuite,
  ConversationType,
  Epoch,
  GroupConversationType,
  History,
  Milliseconds,
  ReceiptMode,
} from '../vocabulary.ts'
import { ACCESS_LIST_MAX, CONVERSATION_NAME_CHARACTERS_MAX, USERS_PER_LIST_MAX } from './limits.ts'
import { GroupId, withOwnId } from './shared.ts'
import { ServiceReference } from './users.ts'

/** What an owner announces as a name. Whether it is a good one is the owner's business. */
export const AnnouncedName = text(0, CONVERSATION_NAME_CHARACTERS_MAX)

export const AccessList = set(Access, ACCESS_LIST_MAX)
export const AccessRoles = set(AccessRole, ACCESS_LIST_MAX)

export const OtherMember = withOwnId(
  z.object({
    qualified_id: QualifiedUserId,
    id: UserId,
    service: omitted(ServiceReference),
    /** Prescribed: a role that cannot be read counts as `wire_admin`. It is for display; the owner decides. */
    conversation_role: RoleName.catch('wire_admin'),
    /** Always written, never read. */
    status: z.literal(0).catch(0),
  }),
)
export type OtherMember = z.infer<typeof OtherMember>

export const OtherMembers = z.array(OtherMember).max(USERS_PER_LIST_MAX)

/** `self_role` is the asking user's, who is not among the others. */
export const RemoteConvMembers = z.object({ self_role: RoleName, others: OtherMembers })
export type RemoteConvMembers = z.infer<typeof RemoteConvMembers>

const LAST_EVENT = '0.0'
const LAST_EVENT_TIME = '1970-01-01T00:00:00.000Z'

/** `creator`, `team` and `parent` belong to the owner's domain. */
export const ConversationMetadata = z.object({
  type: ConversationType,
  creator: orNull(UserId),
  access: AccessList,
  access_role: AccessRoles,
  name: orNull(AnnouncedName),
  last_event: z.literal(LAST_EVENT).catch(LAST_EVENT),
  last_event_time: z.literal(LAST_EVENT_TIME).catch(LAST_EVENT_TIME),
  team: orNull(TeamId),
  message_timer: orNull(Milliseconds),
  receipt_mode: orNull(ReceiptMode),
  group_conv_type: orNull(GroupConversationType),
  add_permission: orNull(AddPermission),
  cells_state: orDefault(CellsState, 'disabled'),
  parent: orNull(ConversationId),
  history: orNull(History),
})
export type ConversationMetadata = z.infer<typeof ConversationMetadata>

const ProteusProtocol = z.object({ protocol: orDefault(z.literal('proteus'), 'proteus') })

const mlsFields = { protocol: z.enum(['mls', 'mixed']), group_id: GroupId, epoch: Epoch }

/** Epoch 0, or a missing part, means that the group is not active: then timestamp and suite say nothing. */
const MlsProtocol = z
  .object({ ...mlsFields, epoch_timestamp: omitted(Timestamp), cipher_suite: omitted(CipherSuite) })
  .overwrite((state) => {
    const { protocol, group_id, epoch, epoch_timestamp, cipher_suite } = state
    const isActive = epoch > 0 && epoch_timestamp !== undefined && cipher_suite !== undefined
    return isActive ? state : { protocol, group_id, epoch: 0 }
  })

/** A conversation's protocol and, with MLS, the state of its group. */
export const Protocol = z.union([MlsProtocol, ProteusProtocol])
export type Protocol = z.infer<typeof Protocol>

/** What peers below version 2 need to find where nothing is to be said. */
export const LEGACY_INACTIVE_SUITE = 1

const LegacyMlsProtocol = z
  .object({ ...mlsFields, epoch_timestamp: Timestamp.nullable(), cipher_suite: CipherSuite })
  .overwrite((state) => {
    const isActive = state.epoch > 0 && state.epoch_timestamp !== null
    return isActive ? state : { ...state, epoch: 0, epoch_timestamp: null, cipher_suite: LEGACY_INACTIVE_SUITE }
  })

// COMPAT(v1): get-conversations and get-one2one-conversation below version 2.
export const LegacyProtocol = z.union([LegacyMlsProtocol, ProteusProtocol])
export type LegacyProtocol = z.infer<typeof LegacyProtocol>

const conversationFields = { id: ConversationId, metadata: ConversationMetadata, members: RemoteConvMembers }

/** As answered by its owner; `id` belongs to the owner's domain. */
export const RemoteConversationV2 = z.object({ ...conversationFields, protocol: Protocol })
export type RemoteConversationV2 = z.infer<typeof RemoteConversationV2>

export const RemoteConversation = z.object({ ...conversationFields, protocol: LegacyProtocol })
export type RemoteConversation = z.infer<typeof RemoteConversation>
