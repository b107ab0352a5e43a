import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import type { Announcements, Cause, QueueId } from '../../announcements.ts'
import { addPrekeys } from '../../device-prekeys.ts'
import { addedKeys, grownCapabilities } from '../../device-rules.ts'
import { findDevice, type StoredDevice, updateDevice as storeDevice } from '../../store-devices.ts'
import { lockUsers } from '../../store-users.ts'
import type { BrigDb, BrigTransaction } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

type Body = InputOf<(typeof brigClient)['update-device']>['body']
const STREAM = 'consumable-notifications'

type Outcome = OutcomeOf<(typeof brigClient)['update-device']>

interface Needs {
  readonly db: BrigDb
  readonly announcements: Announcements
}

export const updateDevice =
  ({ db, announcements }: Needs): ClientHandler<'update-device'> =>
  async ({ params, body }, { caller, requestId }) => {
    const cause = { requestId, caller }
    const { outcome, queued } = await db.transaction().execute(async (tx): Promise<Changed> => {
      await lockUsers(tx, [caller.user])
      const device = await findDevice(tx, caller.user, params.client)
      return device ? change(tx, { device, body, announcements, cause }) : { outcome: 'not-found' }
    })
    // The device may connect at once.
    if (queued !== undefined) await announcements.arrived(queued, cause)
    return { outcome }
  }

interface Changing {
  readonly device: StoredDevice
  readonly body: Body
  readonly announcements: Announcements
  readonly cause: Cause
}

interface Changed {
  readonly outcome: Outcome['outcome']
  readonly queued?: QueueId | undefined
}

const change = async (tx: BrigTransaction, { device, body, announcements, cause }: Changing): Promise<Changed> => {
  const capabilities = body.capabilities && grownCapabilities(device.capabilities, body.capabilities)
  if (capabilities === 'capability-removed') return { outcome: capabilities }
  const keys = body.mls_public_keys && addedKeys(device.mls_public_keys, body.mls_public_keys)
  if (keys === 'duplicate-key') return { outcome: keys }
  const at = { user: device.user_id, id: device.id }
  await storeDevice(tx, at, {
    ...(body.label !== undefined && { label: body.label }),
    ...(capabilities && { capabilities: JSON.stringify(capabilities) }),
    ...(keys && { mls_public_keys: JSON.stringify(keys) }),
  })
  await addPrekeys(tx, at, [...(body.prekeys ?? []), ...(body.lastkey ? [body.lastkey] : [])])
  const begins = capabilities?.includes(STREAM) && !device.capabilities.includes(STREAM)
  const opened = { user: device.user_id, client: device.id }
  return { outcome: 'updated', queued: begins ? await announcements.openStream(tx, opened, cause) : undefined }
}
