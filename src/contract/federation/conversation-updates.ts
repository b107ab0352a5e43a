/** Changes of conversations, as asked for and as announced (federation-api.md §4.10, §4.11). */
import { z } from 'zod'
import { ConversationId, QualifiedUserId, RoleName, Timestamp, UserId } from '../ids.ts'
import { orDefault, orNull } from '../shapes.ts'
import {
  AddPermission,
  ConversationProtocol,
  Epoch,
  History,
  JoinType,
  LeaveReason,
  Milliseconds,
  ReceiptMode,
} from '../vocabulary.ts'
import { AccessList, AccessRoles, AnnouncedName } from './conversations.ts'
import { USERS_PER_LIST_MAX } from './limits.ts'
import { GroupId } from './shared.ts'

const QualifiedUsers = z.array(QualifiedUserId).min(1).max(USERS_PER_LIST_MAX)

const action = <T extends string, A extends z.ZodType>(tag: T, payload: A) =>
  z.object({ tag: z.literal(tag), action: payload })

/** Who acts is said by the update around it: leaving names nobody. */
export const ConversationAction = z.discriminatedUnion('tag', [
  action(
    'ConversationJoinTag',
    z.object({ users: QualifiedUsers, role: RoleName, join_type: orDefault(JoinType, 'internal_add') }),
  ),
  action('ConversationLeaveTag', z.object({})),
  action('ConversationRemoveMembersTag', z.object({ targets: QualifiedUsers, reason: LeaveReason })),
  action(
    'ConversationMemberUpdateTag',
    z.object({ target: QualifiedUserId, update: z.object({ conversation_role: RoleName }) }),
  ),
  action('ConversationDeleteTag', z.object({})),
  action('ConversationRenameTag', z.object({ name: AnnouncedName })),
  action('ConversationMessageTimerUpdateTag', z.object({ message_timer: orNull(Milliseconds) })),
  action('ConversationReceiptModeUpdateTag', z.object({ receipt_mode: ReceiptMode })),
  action('ConversationAccessDataTag', z.object({ access: AccessList, access_role: AccessRoles })),
  action('ConversationUpdateProtocolTag', ConversationProtocol),
  action('ConversationUpdateAddPermissionTag', z.object({ add_permission: AddPermission })),
  action('ConversationResetTag', z.object({ group_id: GroupId, epoch: Epoch })),
  action('ConversationHistoryUpdateTag', History),
])
export type ConversationAction = z.infer<typeof ConversationAction>

/** Users of the backend that the update is addressed to. */
const PresentUsers = z.array(UserId).max(USERS_PER_LIST_MAX)

/** The group's new id after a reset; everything else says nothing, in one of three ways that mean the same. */
const ExtraConversationData = z.object({ group_id: orNull(GroupId) })

/** `convId` belongs to the sender's domain; `origUserId` may be of any. */
export const ConversationUpdate = z.object({
  time: Timestamp,
  origUserId: QualifiedUserId,
  convId: ConversationId,
  alreadyPresentUsers: PresentUsers,
  action: ConversationAction,
  extraConversationData: orNull(ExtraConversationData),
})
export type ConversationUpdate = z.infer<typeof ConversationUpdate>

// COMPAT(v0): the same with other names, and without extra data.
export const ConversationUpdateV0 = z.object({
  cuTime: Timestamp,
  cuOrigUserId: QualifiedUserId,
  cuConvId: ConversationId,
  cuAlreadyPresentUsers: PresentUsers,
  cuAction: ConversationAction,
})
export type ConversationUpdateV0 = z.infer<typeof ConversationUpdateV0>
