/** Conversations in the forms that clients know (client-conversations.md §2, client-api-versions.md §3.2). */
import {
  type Conversation as ClientConversation,
  type ConversationOld,
  LAST_EVENT,
  LAST_EVENT_TIME,
  type SelfMember,
} from '#src/contract/client/conversation.ts'
import type { RemoteConversationV2 } from '#src/contract/federation/conversations.ts'
import type { Domain, QualifiedUserId, RoleName } from '#src/contract/ids.ts'
import { legacyAccessRole } from './access.ts'
import type { OwnSettings } from './conversation.ts'

export interface Viewer {
  readonly user: QualifiedUserId
  readonly settings: OwnSettings
}

/** What the owner shows, completed by what only the viewer's backend knows. */
export const clientView = (owner: Domain, shown: RemoteConversationV2, viewer: Viewer): ClientConversation => {
  const { id, metadata, members, protocol } = shown
  return {
    qualified_id: { domain: owner, id },
    id,
    type: metadata.type,
    creator: metadata.creator,
    name: metadata.name,
    team: metadata.team,
    access: metadata.access,
    access_role: metadata.access_role,
    message_timer: metadata.message_timer,
    receipt_mode: metadata.receipt_mode,
    last_event: LAST_EVENT,
    last_event_time: LAST_EVENT_TIME,
    protocol: protocol.protocol,
    group_conv_type: metadata.group_conv_type,
    add_permission: metadata.add_permission,
    cells_state: metadata.cells_state,
    members: { self: selfMemberOf(viewer, members.self_role), others: members.others },
  }
}

const selfMemberOf = ({ user, settings }: Viewer, role: RoleName): SelfMember => ({
  qualified_id: user,
  id: user.id,
  conversation_role: role,
  service: null,
  status: 0,
  status_ref: LAST_EVENT,
  status_time: LAST_EVENT_TIME,
  otr_muted_status: settings.otrMutedStatus,
  otr_muted_ref: settings.otrMutedRef,
  otr_archived: settings.otrArchived,
  otr_archived_ref: settings.otrArchivedRef,
  hidden: settings.hidden,
  hidden_ref: settings.hiddenRef,
})

/** COMPAT(v2): also the form inside events, which are stored once and read by clients of all versions. */
export const oldForm = (conversation: ClientConversation): ConversationOld => ({
  ...conversation,
  access_role: legacyAccessRole(conversation.access_role),
  access_role_v2: conversation.access_role,
})

/** The first version with `access_role` as a list (S1). */
export const ACCESS_ROLE_LIST_VERSION = 3

/** The first version in which failures of other backends are told by bare objects (S8). */
export const BARE_FAILURES_VERSION = 4
