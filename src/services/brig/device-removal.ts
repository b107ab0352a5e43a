/** Everything that goes when a device goes (client-users.md §5.4). */
import type { Announcements, Cause, QueueId } from './announcements.ts'
import { deleteDevice, type StoredDevice } from './store-devices.ts'
import type { DeviceTransaction } from './tables.ts'

/**
 * All devices are told, the removed one too: it wipes its data when it hears of it, and only then are its sockets
 * closed.
 */
export const removeDevice = async (
  tx: DeviceTransaction,
  announcements: Announcements,
  { device, cause }: { readonly device: StoredDevice; readonly cause: Cause },
): Promise<QueueId> => {
  const { user_id: user, id: client } = device
  await deleteDevice(tx, user, client)
  const event = { type: 'user.client-remove', client: { id: client } }
  await announcements.push(tx, { users: [user], event }, cause)
  return announcements.closeDevice(tx, { user, client }, cause)
}
