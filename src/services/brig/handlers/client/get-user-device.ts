import { type DeviceNeeds, findDevicesAnywhere } from '../../device-lookup.ts'
import type { ClientHandler } from '../handler.ts'

export const getUserDevice =
  (needs: DeviceNeeds): ClientHandler<'get-user-device'> =>
  async ({ params: { domain = needs.domain, user, client } }, { requestId }) => {
    const found = await findDevicesAnywhere(needs, { domain, users: [user] }, { requestId })
    const device = found.get(user)?.find(({ id }) => id === client)
    return device ? { outcome: 'found', body: device } : { outcome: 'not-found' }
  }
