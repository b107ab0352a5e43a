import type { brigClient } from '#src/contract/client/brig.ts'
import type { InputOf, OutcomeOf } from '#src/kit/endpoint.ts'
import { addPrekeys } from '../../device-prekeys.ts'
import { addedKeys, grownCapabilities } from '../../device-rules.ts'
import { findDevice, type StoredDevice, updateDevice as storeDevice } from '../../store-devices.ts'
import { lockUsers } from '../../store-users.ts'
import type { BrigDb, BrigTransaction } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

type Body = InputOf<(typeof brigClient)['update-device']>['body']
type Outcome = OutcomeOf<(typeof brigClient)['update-device']>

export const updateDevice =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'update-device'> =>
  async ({ params, body }, { caller }) =>
    db.transaction().execute(async (tx) => {
      await lockUsers(tx, [caller.user])
      const device = await findDevice(tx, caller.user, params.client)
      return device ? change(tx, device, body) : { outcome: 'not-found' }
    })

const change = async (tx: BrigTransaction, device: StoredDevice, body: Body): Promise<Outcome> => {
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
  return { outcome: 'updated' }
}
