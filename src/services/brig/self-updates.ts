/** Telling a user's own devices and his contacts on this backend that he changed (client-users.md §2). */
import type { Domain } from '#src/contract/ids.ts'
import type { Announcements, Cause } from './announcements.ts'
import { findContacts } from './store-connections.ts'
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
  { user: { id }, changes, cause }: { readonly user: User; readonly changes: Changes; readonly cause: Cause },
): Promise<void> => {
  const contacts = await findContacts(tx, { domain, id })
  await announcements.push(tx, { users: [id, ...contacts], event: updateEvent(id, changes) }, cause)
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
