/** What the owner of a new conversation tells of it. */
import type { ConversationId, UserId } from '#src/contract/ids.ts'
import { A } from './cast.ts'

export interface Creation {
  readonly by: UserId
  readonly conversation: ConversationId
  /** Of ours. */
  readonly members: readonly UserId[]
}

export const creation = ({ by, conversation, members }: Creation) => ({
  time: '2026-01-01T00:00:00.000Z',
  orig_user_id: by,
  cnv_id: conversation,
  cnv_type: 0,
  cnv_access: ['invite'],
  cnv_access_roles: ['team_member', 'non_team_member', 'service'],
  cnv_name: 'made elsewhere',
  non_creator_members: members.map((id) => ({
    qualified_id: { domain: A, id },
    id,
    conversation_role: 'wire_member',
    status: 0,
  })),
  message_timer: null,
  receipt_mode: null,
  protocol: { protocol: 'proteus' },
  group_conv_type: null,
  channel_add_permission: null,
  history: null,
})
