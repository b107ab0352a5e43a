/** SQL on what an account is entered by. */
import type { UserId } from '#src/contract/ids.ts'
import { deleteCodesOf } from './store-codes.ts'
import { deleteAllSessions } from './store-sessions.ts'
import type { BrigTransaction } from './tables.ts'

/** Ends all sessions. False when the password is not the one any more that this was allowed for. */
export const setPassword = async (
  tx: BrigTransaction,
  user: UserId,
  { hash, before }: { readonly hash: string; readonly before: string | null },
): Promise<boolean> => {
  const updated = await tx
    .updateTable('users')
    .set({ password_hash: hash })
    .where('id', '=', user)
    .where('password_hash', 'is not distinct from', before)
    .where('status', '=', 'active')
    .returning('id')
    .executeTakeFirst()
  if (!updated) return false
  await deleteAllSessions(tx, user)
  await deleteCodesOf(tx, user, 'password-reset')
  return true
}
