/** A stored user as the different readers may see him. */
import type { SelfProfile } from '#src/contract/client/brig-people.ts'
import type { Contact, UserProfile } from '#src/contract/federation/users.ts'
import { type Domain, Timestamp } from '#src/contract/ids.ts'
import type { LocalUser } from '#src/contract/internal/brig.ts'
import type { FoundUser } from './store-search.ts'
import type { User } from './store-users.ts'

/** Whether an address was shown to be the user's; guests have none. */
export const isVerified = ({ status, email }: User): boolean => status === 'active' && email !== null

/** Neither deleted nor suspended, and if a guest then one whose time is not over. */
export const isPresent = ({ status, expires_at: expiresAt }: User, now: Date): boolean =>
  (status === 'active' || status === 'ephemeral') && (expiresAt === null || expiresAt > now)

export const selfProfile = (user: User, domain: Domain): SelfProfile => ({
  id: user.id,
  qualified_id: { domain, id: user.id },
  name: user.name,
  accent_id: user.accent_id,
  locale: user.locale,
  status: user.status,
  managed_by: 'wire',
  picture: [],
  assets: user.assets,
  supported_protocols: user.supported_protocols,
  ...(user.handle !== null && { handle: user.handle }),
  ...(user.email !== null && { email: user.email }),
  ...(user.email_unvalidated !== null && { email_unvalidated: user.email_unvalidated }),
  ...(user.team_id !== null && { team: user.team_id }),
  ...(user.text_status !== null && { text_status: user.text_status }),
  ...(user.expires_at !== null && { expires_at: timestamp(user.expires_at) }),
  ...(user.status === 'deleted' && { deleted: true as const }),
})

/** For everybody else, here and on other backends: never with the address. */
export const publicProfile = (user: User, domain: Domain): UserProfile =>
  user.status === 'deleted' ? deletedProfile(user, domain) : presentProfile(user, domain)

const presentProfile = (user: User, domain: Domain): UserProfile => ({
  qualified_id: { domain, id: user.id },
  id: user.id,
  name: user.name,
  picture: [],
  assets: user.assets,
  accent_id: user.accent_id,
  // Legal hold is a matter of teams, and no team of ours uses it.
  legalhold_status: user.team_id === null ? 'no_consent' : 'disabled',
  supported_protocols: user.supported_protocols,
  type: 'regular',
  searchable: user.is_searchable,
  ...(user.team_id !== null && { team: user.team_id }),
  ...(user.handle !== null && { handle: user.handle }),
  ...(user.text_status !== null && { text_status: user.text_status }),
  ...(user.expires_at !== null && { expires_at: timestamp(user.expires_at) }),
})

/** What is left of somebody who went: that he was there (client-users.md §3). */
const deletedProfile = ({ id }: User, domain: Domain): UserProfile => ({
  qualified_id: { domain, id },
  id,
  deleted: true,
  name: 'default',
  picture: [],
  assets: [],
  accent_id: 0,
  legalhold_status: 'no_consent',
  supported_protocols: ['proteus'],
  type: 'regular',
  searchable: true,
})

export const localUser = (user: User, domain: Domain): LocalUser => ({
  ...publicProfile(user, domain),
  is_verified: isVerified(user),
  status: user.status,
  team_role: user.team_role,
})

export const contactOf = (user: FoundUser, domain: Domain): Contact => ({
  qualified_id: { domain, id: user.id },
  id: user.id,
  name: user.name,
  accent_id: user.accent_id,
  handle: user.handle,
  team: user.team_id,
  type: 'regular',
})

/** The wire's form of a time. */
export const timestamp = (time: Date): Timestamp => Timestamp.parse(time.toISOString())
