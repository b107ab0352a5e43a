import { claimAllLocally, type DeviceNeeds } from '../../device-lookup.ts'
import type { FederationHandler } from '../handler.ts'

export const claimPrekeyBundle =
  (needs: Pick<DeviceNeeds, 'db' | 'claims'>): FederationHandler<'claim-prekey-bundle'> =>
  async (user) =>
    claimAllLocally(needs, user)
