import { type DeviceNeeds, findDevicesAnywhere } from '../../device-lookup.ts'
import { askEach, byDomain } from '../../other-backends.ts'
import type { ClientHandler } from '../handler.ts'

export const listDevicesOfUsers =
  (needs: DeviceNeeds): ClientHandler<'list-devices-of-users'> =>
  async ({ body }, { requestId }) => {
    const wanted = byDomain(body.qualified_users)
    const { answers } = await askEach([...wanted.keys()], { requestId }, (domain, context) =>
      findDevicesAnywhere(needs, { domain, users: wanted.get(domain) ?? [] }, context),
    )
    const byUser = [...answers].map(([domain, devices]) => [domain, Object.fromEntries(devices)] as const)
    return { outcome: 'found', body: { qualified_user_map: Object.fromEntries(byUser) } }
  }
