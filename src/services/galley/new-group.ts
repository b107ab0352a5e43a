/** What a client asks for when it creates a group, with everything it left out filled in (client-conversations.md §3). */
import type { NewConversation } from '#src/contract/client/galley.ts'
import type { ConversationId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { type AccessRole, REGULAR_CONVERSATION } from '#src/contract/vocabulary.ts'
import { accessRolesOf, DEFAULT_ACCESS, DEFAULT_ACCESS_ROLES } from './access.ts'
import type { Conversation, Member } from './conversation.ts'
import { ADMIN, MEMBER } from './roles.ts'
import type { FoundConversation } from './store-conversations.ts'

export interface NewGroup {
  readonly conversation: Conversation
  readonly creator: QualifiedUserId
  /** The creator first. */
  readonly members: readonly Member[]
}

export interface Creation {
  readonly id: ConversationId
  readonly creator: QualifiedUserId
  /** The conversation that the new one shadows: whom it is for is decided by its members, and not by who is named. */
  readonly parent?: FoundConversation | undefined
}

/** What is refused without asking anybody; undefined when nothing is. */
export const refuseForm = (
  body: NewConversation,
  { members }: NewGroup,
  membersMax: number,
): 'mls-not-enabled' | 'not-mls-conversation' | 'too-many-members' | undefined => {
  // MLS needs removal keys, which this backend has none of yet.
  if (body.protocol === 'mls') return 'mls-not-enabled'
  if (body.group_conv_type === 'channel') return 'not-mls-conversation'
  return members.length > membersMax ? 'too-many-members' : undefined
}

export const newGroup = (body: NewConversation, { id, creator, parent }: Creation): NewGroup => ({
  creator,
  conversation: {
    id,
    type: REGULAR_CONVERSATION,
    creator: creator.id,
    name: body.name ?? null,
    access: [...new Set(body.access ?? DEFAULT_ACCESS)],
    accessRoles: [...new Set(accessRolesIn(body, parent?.conversation.accessRoles))],
    protocol: 'proteus',
    messageTimer: body.message_timer ?? null,
    receiptMode: body.receipt_mode ?? null,
    team: body.team?.teamid ?? parent?.conversation.team ?? null,
    parent: parent?.conversation.id ?? null,
  },
  members: [
    { user: creator, role: ADMIN },
    ...(parent ? inviteesFrom(parent, creator) : inviteesIn(body, creator)).map((user) => ({
      user,
      role: body.conversation_role ?? (parent ? MEMBER : ADMIN),
    })),
  ],
})

const accessRolesIn = (
  { access_role: role, access_role_v2: list }: NewConversation,
  otherwise: readonly AccessRole[] = DEFAULT_ACCESS_ROLES,
): readonly AccessRole[] => {
  const given = list ?? role ?? otherwise
  return typeof given === 'string' ? accessRolesOf(given) : given
}

/** Everybody once, and not the creator. */
const inviteesIn = (body: NewConversation, creator: QualifiedUserId): QualifiedUserId[] => {
  const listed = [...(body.qualified_users ?? []), ...(body.users ?? []).map((id) => ({ domain: creator.domain, id }))]
  const unique = new Map(listed.map((user) => [keyOf(user), user]))
  unique.delete(keyOf(creator))
  return [...unique.values()]
}

const inviteesFrom = ({ members }: FoundConversation, creator: QualifiedUserId): QualifiedUserId[] =>
  members.map(({ user }) => user).filter((user) => keyOf(user) !== keyOf(creator))

const keyOf = ({ domain, id }: { readonly domain: Domain; readonly id: UserId }): string => `${id}@${domain}`

export const inviteesOf = ({ members, creator }: NewGroup): QualifiedUserId[] =>
  members.map(({ user }) => user).filter((user) => keyOf(user) !== keyOf(creator))
