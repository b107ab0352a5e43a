import { claimLocally, type DeviceNeeds } from '../../device-lookup.ts'
import type { FederationHandler } from '../handler.ts'

export const claimPrekey =
  (needs: Pick<DeviceNeeds, 'claims'>): FederationHandler<'claim-prekey'> =>
  async ([user, client]) =>
    (await claimLocally(needs, { user, client })) ?? null
