import { type DeviceNeeds, findDevicesAnywhere } from '../../device-lookup.ts'
import type { ClientHandler } from '../handler.ts'

export const listUserDevices =
  (needs: DeviceNeeds): ClientHandler<'list-user-devices'> =>
  async ({ params: { domain = needs.domain, user } }, { requestId }) => {
    const found = await findDevicesAnywhere(needs, { domain, users: [user] }, { requestId })
    return { outcome: 'found', body: found.get(user) ?? [] }
  }
