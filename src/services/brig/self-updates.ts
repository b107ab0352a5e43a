/** Telling a user's own devices, his contacts on this backend and his team that he changed (client-users.md §2). */
import type { Domain, UserId } from '#src/contract/ids.ts'
import type { Announcements, Cause } from './announcements.ts'
import { TEAM_TOLD_OF_UPDATES_MAX } from './limits.ts'
import { findContacts } from './store-connections.ts'
import { findTeamMemberIds } from './store-teams.ts'
import type { User } from './store-users.ts'
import type { BrigTransaction } from './tables.ts'

export interface SelfUpdateNeeds {
  readonly domain: Domain
  readonly announcements: Announcements
}

type Changes = Readonly<Record<string, unknown>>

/** Other backends are not told: they ask anew. */
export const announceToContacts = async (
  tx: BrigTransaction,
  { domain, announcements }: SelfUpdateNeeds,
  { user, changes, cause }: { readonly user: User; readonly changes: Changes; readonly cause: Cause },
): Promise<void> => {
  const { id } = user
  const users = new Set([id, ...(await findContacts(tx, { domain, id })), ...(await teamMatesToTell(tx, user))])
  await announcements.push(tx, { users: [...users], event: updateEvent(id, changes) }, cause)
}

/** Nobody when the team is so large that a change of one name would wake everybody all the time (rules.md §6). */
const teamMatesToTell = async (tx: BrigTransaction, { team_id: team }: User): Promise<UserId[]> => {
  if (team === null) return []
  const members = await findTeamMemberIds(tx, team, TEAM_TOLD_OF_UPDATES_MAX + 1)
  return members.length > TEAM_TOLD_OF_UPDATES_MAX ? [] : members
}

export const announceToSelf = async (
  tx: BrigTransaction,
  { announcements }: SelfUpdateNeeds,
  { user: { id }, changes, cause }: { readonly user: User; readonly changes: Changes; readonly cause: Cause },
): Promise<void> => {
  await announcements.push(tx, { users: [id], event: updateEvent(id, changes) }, cause)
}

/** The bare id: clients take it for one of their own domain. */
const updateEvent = (id: string, changes: Changes) => ({
  type: 'user.update',
  user: { id, ...changes, sso_id_deleted: false },
})
