import { shownDevice } from '../../device-rules.ts'
import { findDevices } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { ClientHandler } from '../handler.ts'

export const listDevices =
  ({ db }: { readonly db: BrigDb }): ClientHandler<'list-devices'> =>
  async (_input, { caller, apiVersion }) => {
    const devices = await findDevices(db, caller.user)
    return { outcome: 'found', body: devices.map((device) => shownDevice(device, apiVersion)) }
  }
