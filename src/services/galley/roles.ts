/** What members of a conversation may do (rules.md §4.2). */
import type { RoleName } from '#src/contract/ids.ts'
import { ConversationPermission } from '#src/contract/vocabulary.ts'

export const ADMIN: RoleName = 'wire_admin'
export const MEMBER: RoleName = 'wire_member'

const PERMISSIONS: Readonly<Record<string, readonly ConversationPermission[]>> = {
  [ADMIN]: ConversationPermission.options,
  [MEMBER]: ['leave_conversation'],
}

/** A role that we do not know grants nothing: a newer peer or a custom team role must not become power here. */
export const permissionsOf = (role: RoleName): readonly ConversationPermission[] =>
  Object.hasOwn(PERMISSIONS, role) ? (PERMISSIONS[role] ?? []) : []

export const mayDo = (role: RoleName, permission: ConversationPermission): boolean =>
  permissionsOf(role).includes(permission)

/** Nobody hands out more than he has himself. */
export const mayGrant = (own: RoleName, granted: RoleName): boolean =>
  permissionsOf(granted).every((permission) => mayDo(own, permission))

/** The roles every conversation has, as `GET /conversations/{c}/roles` shows them. */
export const conversationRoles = [ADMIN, MEMBER].map((role) => ({
  conversation_role: role,
  actions: [...permissionsOf(role)],
}))
