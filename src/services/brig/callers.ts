/** The user behind an access token. */
import { Refusal } from '#src/kit/errors.ts'
import type { Caller } from '#src/rpc/context.ts'
import { findUser, type User } from './store-users.ts'
import type { BrigDb } from './tables.ts'

/** A token outlives its account by up to a quarter of an hour; it is as good as none then. */
export const userOf = async (db: BrigDb, { user: id }: Caller): Promise<User> => {
  const user = await findUser(db, id)
  if (user?.status === 'suspended') throw new Refusal(403, 'suspended', { detail: 'Account suspended.' })
  if (user && user.status !== 'deleted') return user
  throw new Refusal(401, 'missing-auth', { detail: 'There is no such account' })
}
