import { claimLocally, type DeviceNeeds } from '../../device-lookup.ts'
import type { ClientHandler } from '../handler.ts'

export const claimPrekey =
  ({ claims, domain: ownDomain, others }: DeviceNeeds): ClientHandler<'claim-prekey'> =>
  async ({ params: { domain = ownDomain, user, client } }, { requestId }) => {
    const device = { user, client }
    const claimed =
      domain === ownDomain
        ? await claimLocally({ claims }, device)
        : await others.claimPrekey(domain, device, { requestId })
    return claimed ? { outcome: 'claimed', body: claimed } : { outcome: 'not-found' }
  }
