/** The user behind an access token. */
import { Refusal } from '#src/kit/errors.ts'
import type { Caller } from '#src/rpc/context.ts'
import type { UserId } from '#src/contract/ids.ts'
import { findUser, lockUsers, type User } from './store-users.ts'
import type { BrigDb, BrigTransaction } from './tables.ts'

/** A token outlives its account by up to a quarter of an hour; it is as good as none then. */
export const userOf = async (db: BrigDb, { user: id }: Caller): Promise<User> => {
  const user = await findUser(db, id)
  if (user?.status === 'suspended') throw new Refusal(403, 'suspended', { detail: 'Account suspended.' })
  if (user && user.status !== 'deleted') return user
  throw noAccount()
}

/** For who calls: a deletion may have been faster than what he wants. */
export const lockUser = async (tx: BrigTransaction, id: UserId): Promise<void> => {
  if (!(await lockUsers(tx, [id])).has(id)) throw noAccount()
}

const noAccount = (): Refusal => new Refusal(401, 'missing-auth', { detail: 'There is no such account' })
