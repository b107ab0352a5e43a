import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf } from '#src/kit/endpoint.ts'
import type { Announcements, Cause, QueueId } from '../../announcements.ts'
import { lockUser, userOf } from '../../callers.ts'
import { type CredentialNeeds, reauthenticate } from '../../credentials.ts'
import { addPrekeys } from '../../device-prekeys.ts'
import { removeDevice } from '../../device-removal.ts'
import type { DeviceChanges } from '../../device-changes.ts'
import { addedKeys, deviceId, EVENT_DEVICE_VERSION, granted, roomFor, shownDevice } from '../../device-rules.ts'
import { deleteDevice, findDevice, findDevices, insertDevice, type StoredDevice } from '../../store-devices.ts'
import { insertRevocation } from '../../store-revocations.ts'
import { deleteSessionsOfDevice, unbindSessions } from '../../store-sessions.ts'
import type { User } from '../../store-users.ts'
import type { DeviceTransaction } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

interface Needs extends CredentialNeeds {
  readonly changes: DeviceChanges
  readonly announcements: Announcements
}

type Body = InputOf<(typeof brigClient)['register-device']>['body']

export const registerDevice =
  (needs: Needs): ClientHandler<'register-device'> =>
  async ({ body }, { caller, apiVersion, requestId, address }) => {
    const user = await userOf(needs.db, caller)
    const cause = { requestId, caller }
    const request = { user, body, cause }
    const isFirst = (await findDevices(needs.db, user.id)).length === 0
    const change = <T>(work: (tx: DeviceTransaction) => Promise<T>) => needs.changes.change(user.id, requestId, work)
    const first = isFirst ? await change((tx) => addFirstDevice(tx, needs, request)) : undefined
    const refused = first ? undefined : await reauthenticate(needs, user, { password: body.password, address })
    if (refused) return { outcome: refused }
    const added = first ?? (await change((tx) => addDevice(tx, needs, request)))
    if (typeof added === 'string') return { outcome: added }
    // Clients ask for their newest notification at once, and cannot start without it (client-users.md §5.1).
    await needs.announcements.arrived(added.queued, cause)
    return {
      outcome: 'registered',
      body: shownDevice(added.device, apiVersion),
      headers: { location: `/clients/${added.device.id}` },
    }
  }

interface Request {
  readonly user: User
  readonly body: Body
  readonly cause: Cause
}

interface Added {
  readonly device: StoredDevice
  readonly queued: QueueId
}

/** Without asking for the password. Undefined when another device was faster. */
const addFirstDevice = async (tx: DeviceTransaction, needs: Needs, request: Request) => {
  await lockUser(tx, request.user.id)
  const before = await findDevices(tx, request.user.id)
  return before.length > 0 ? undefined : addDevice(tx, needs, request)
}

const addDevice = async (
  tx: DeviceTransaction,
  needs: Needs,
  { user, body, cause }: Request,
): Promise<Added | 'too-many-clients' | 'duplicate-key'> => {
  const { announcements, clock } = needs
  await lockUser(tx, user.id)
  const id = deviceId(body.lastkey.key)
  const before = await findDevices(tx, user.id)
  const others = before.filter((device) => device.id !== id)
  // A device that begins anew is to others the one they know, so the keys that they have seen stay.
  const known = before.find((device) => device.id === id)?.mls_public_keys ?? {}
  const keys = addedKeys(known, body.mls_public_keys ?? {})
  if (keys === 'duplicate-key') return keys
  const room = roomFor(body.type, others)
  if (room === 'too-many-clients') return room
  for (const device of room.replaced) await replaceDevice(tx, needs, { device, body, cause })
  await deleteDevice(tx, user.id, id)
  await insertDevice(tx, {
    user_id: user.id,
    id,
    type: body.type,
    class: body.class ?? null,
    label: body.label ?? null,
    model: body.model ?? null,
    cookie: body.cookie ?? null,
    capabilities: JSON.stringify(granted(body.capabilities ?? [])),
    mls_public_keys: JSON.stringify(keys),
    created_at: clock.now(),
    last_active: null,
  })
  await addPrekeys(tx, { user: user.id, id }, [...body.prekeys, body.lastkey])
  const device = await findDevice(tx, user.id, id)
  if (!device) throw new Error('a new device is not there')
  if (device.capabilities.includes('consumable-notifications')) {
    await announcements.openStream(tx, { user: user.id, client: id }, cause)
  }
  const event = { type: 'user.client-add', client: shownDevice(device, EVENT_DEVICE_VERSION) }
  return { device, queued: await announcements.push(tx, { users: [user.id], event }, cause) }
}

/** Its sessions end with it, except the one in which its successor is being registered. */
const replaceDevice = async (
  tx: DeviceTransaction,
  { announcements, clock }: Needs,
  { device, body, cause }: Pick<Request, 'body' | 'cause'> & { readonly device: StoredDevice },
): Promise<void> => {
  const { user_id: user, id: client, cookie } = device
  if (cause.caller?.client === client) await unbindSessions(tx, user, client)
  else await insertRevocation(tx, { user, client, at: clock.now() })
  await deleteSessionsOfDevice(tx, user, { client, label: cookie === body.cookie ? null : cookie })
  await removeDevice(tx, announcements, { device, cause })
}
