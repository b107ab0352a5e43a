/** What the roles of a team permit. */
import type { TeamRole } from '#src/contract/teams.ts'

/**
 * Roles as clients see them: one of four numbers, made of bits of which they look at some (the list is the original's).
 * The larger number permits all that the smaller does.
 */
const PERMISSIONS: Readonly<Record<TeamRole, number>> = { partner: 1025, member: 1587, admin: 5951, owner: 8191 }

export const permissionsOf = (role: TeamRole): { self: number; copy: number } => ({
  self: PERMISSIONS[role],
  copy: PERMISSIONS[role],
})

/** Inviting, removing, hiding from search. */
export const mayManageMembers = (role: TeamRole | null): boolean => role === 'owner' || role === 'admin'

/** Nobody gives more than he has. */
export const mayInviteAs = (inviter: TeamRole | null, role: TeamRole): boolean =>
  inviter !== null && mayManageMembers(inviter) && PERMISSIONS[inviter] >= PERMISSIONS[role]

export const maySeePermissions = (seer: TeamRole): boolean => seer !== 'partner'

/** Owners are removed by other owners only, so that a team is never without one. */
export const mayRemove = (
  remover: { readonly id: string; readonly team_role: TeamRole | null },
  removed: { readonly id: string; readonly team_role: TeamRole | null },
): boolean =>
  removed.team_role === 'owner'
    ? remover.team_role === 'owner' && remover.id !== removed.id
    : mayManageMembers(remover.team_role)
