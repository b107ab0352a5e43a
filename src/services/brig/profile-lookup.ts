/** Profiles of users of any backend. */
import type { UserProfile } from '#src/contract/federation/users.ts'
import type { Domain, Handle, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { CallContext } from '#src/rpc/remote-backends.ts'
import type { OtherBackends } from './other-backends.ts'
import { publicProfile } from './profiles.ts'
import { findUser, findUserByHandle, findUsers } from './store-users.ts'
import type { BrigDb } from './tables.ts'

export interface ProfileNeeds {
  readonly db: BrigDb
  readonly domain: Domain
  readonly others: OtherBackends
}

export const findProfile = async (
  { db, domain, others }: ProfileNeeds,
  id: QualifiedUserId,
  { requestId }: CallContext,
): Promise<UserProfile | undefined> => {
  if (id.domain === domain) {
    const user = await findUser(db, id.id)
    return user && publicProfile(user, domain)
  }
  const [profile] = await others.profiles(id.domain, [id.id], { requestId })
  return profile
}

export const findProfiles = async (
  { db, domain: ownDomain, others }: ProfileNeeds,
  { domain, users }: { readonly domain: Domain; readonly users: readonly UserId[] },
  context: CallContext,
): Promise<UserProfile[]> => {
  if (domain !== ownDomain) return others.profiles(domain, users, context)
  return (await findUsers(db, users)).map((user) => publicProfile(user, domain))
}

export const findProfileByHandle = async (
  { db, domain: ownDomain, others }: ProfileNeeds,
  { domain, handle }: { readonly domain: Domain; readonly handle: Handle },
  context: CallContext,
): Promise<UserProfile | undefined> => {
  if (domain !== ownDomain) return others.profileByHandle(domain, handle, context)
  const user = await findUserByHandle(db, handle)
  return user && publicProfile(user, domain)
}
