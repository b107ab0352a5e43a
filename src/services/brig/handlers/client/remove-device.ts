import type { Announcements } from '../../announcements.ts'
import { userOf } from '../../callers.ts'
import { type CredentialNeeds, reauthenticate } from '../../credentials.ts'
import type { DeviceChanges } from '../../device-changes.ts'
import { removeDevice as remove } from '../../device-removal.ts'
import { findDevice } from '../../store-devices.ts'
import { insertRevocation } from '../../store-revocations.ts'
import { deleteSessionsOfDevice } from '../../store-sessions.ts'
import { lockUsers } from '../../store-users.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends CredentialNeeds {
  readonly changes: DeviceChanges
  readonly announcements: Announcements
}

export const removeDevice =
  (needs: Needs): ClientHandler<'remove-device'> =>
  async ({ params, body }, { caller, requestId, address }) => {
    const { db, announcements } = needs
    const user = await userOf(db, caller)
    const known = await findDevice(db, user.id, params.client)
    if (!known) return { outcome: 'not-found' }
    const refused =
      known.type === 'temporary' ? undefined : await reauthenticate(needs, user, { password: body.password, address })
    if (refused) return { outcome: refused }
    return needs.changes.change(user.id, requestId, async (tx) => {
      await lockUsers(tx, [user.id])
      const device = await findDevice(tx, user.id, params.client)
      if (!device) return { outcome: 'not-found' }
      await deleteSessionsOfDevice(tx, user.id, { client: device.id, label: device.cookie })
      await insertRevocation(tx, { user: user.id, client: device.id, at: needs.clock.now() })
      await remove(tx, announcements, { device, cause: { requestId, caller } })
      return { outcome: 'removed' }
    })
  }
