import { shownCapabilities } from '../../device-rules.ts'
import { findDevice } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const getCapabilities =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'get-capabilities'> =>
  async ({ params }, { caller, apiVersion }) => {
    const device = await findDevice(db, caller.user, params.client)
    if (!device) return { outcome: 'not-found' }
    const capabilities = shownCapabilities(device.capabilities, apiVersion)
    return apiVersion < 7
      ? { outcome: 'found-nested', body: { capabilities } }
      : { outcome: 'found', body: capabilities }
  }
