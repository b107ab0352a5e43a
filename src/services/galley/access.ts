/** Who may be in a conversation (rules.md §4.3), and the older names for that (client-conversations.md §2). */
import type { TeamId } from '#src/contract/ids.ts'
import type { Access, AccessRole } from '#src/contract/vocabulary.ts'
import type { LegacyAccessRole } from '#src/contract/client/conversation.ts'

export const DEFAULT_ACCESS: readonly Access[] = ['invite']
export const DEFAULT_ACCESS_ROLES: readonly AccessRole[] = ['team_member', 'non_team_member', 'service']

/** Nobody is let into conversations of two, or of one, by anything but a connection. */
export const PRIVATE_ACCESS: readonly Access[] = ['private']
export const PRIVATE_ACCESS_ROLES: readonly AccessRole[] = []

// From narrow to wide: a set that has no name of its own is shown as the first that contains it.
const LEGACY_SETS: readonly (readonly [LegacyAccessRole, readonly AccessRole[]])[] = [
  ['private', PRIVATE_ACCESS_ROLES],
  ['team', ['team_member']],
  ['activated', DEFAULT_ACCESS_ROLES],
  ['non_activated', ['team_member', 'non_team_member', 'guest', 'service']],
]

export const legacyAccessRole = (roles: readonly AccessRole[]): LegacyAccessRole => {
  const found = LEGACY_SETS.find(([, set]) => roles.every((role) => set.includes(role)))
  // The last set holds every role there is.
  return found?.[0] ?? 'non_activated'
}

export const accessRolesOf = (legacy: LegacyAccessRole): readonly AccessRole[] =>
  LEGACY_SETS.find(([name]) => name === legacy)?.[1] ?? []

export interface Joiner {
  /** In the team that the conversation belongs to. */
  readonly isTeamMate: boolean
  /** Has shown that an address is his; guests have not. */
  readonly isVerified: boolean
}

/** Undefined when the roles let a user of ours in; `person` is undefined for who does not exist. */
export const refuseJoiner = (
  { team, accessRoles }: { readonly team: TeamId | null; readonly accessRoles: readonly AccessRole[] },
  person: { readonly team: TeamId | undefined; readonly isVerified: boolean } | undefined,
): 'access-denied' | 'no-team-member' | undefined => {
  if (!person) return 'access-denied'
  const isTeamMate = team !== null && person.team === team
  if (mayJoin(accessRoles, { isTeamMate, isVerified: person.isVerified })) return undefined
  return team !== null && person.isVerified ? 'no-team-member' : 'access-denied'
}

export const mayJoin = (roles: readonly AccessRole[], joiner: Joiner): boolean => roles.includes(roleNeeded(joiner))

const roleNeeded = ({ isTeamMate, isVerified }: Joiner): AccessRole => {
  if (isTeamMate) return 'team_member'
  return isVerified ? 'non_team_member' : 'guest'
}
