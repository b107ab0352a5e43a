/** Prekeys that a device brings, in a bounded number. */
import type { Prekey } from '#src/contract/federation/users.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { Refusal } from '#src/kit/errors.ts'
import { PREKEYS_PER_DEVICE_MAX } from './limits.ts'
import { findPrekeyIds, putPrekeys } from './store-devices.ts'
import type { BrigTransaction } from './tables.ts'

export const addPrekeys = async (
  tx: BrigTransaction,
  at: { readonly user: UserId; readonly id: ClientId },
  prekeys: readonly Prekey[],
): Promise<void> => {
  if (prekeys.length === 0) return
  await putPrekeys(tx, at, prekeys)
  if ((await findPrekeyIds(tx, at.user, at.id)).length <= PREKEYS_PER_DEVICE_MAX) return
  throw new Refusal(413, 'client-error', { detail: 'Too many prekeys of one device' })
}
