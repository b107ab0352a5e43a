import { ClientId } from '#src/contract/ids.ts'
import { shownDevice } from '../../device-rules.ts'
import { findDevice } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const getDevice =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-device'> =>
  async ({ params }, { caller, apiVersion }) => {
    const id = ClientId.safeParse(params.client)
    const device = id.success ? await findDevice(db, caller.user, id.data) : undefined
    return device ? { outcome: 'found', body: shownDevice(device, apiVersion) } : { outcome: 'not-found' }
  }
