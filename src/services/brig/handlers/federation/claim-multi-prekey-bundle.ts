import { claimManyLocally, type DeviceNeeds } from '../../device-lookup.ts'
import type { FederationHandler } from '../handler.ts'

export const claimMultiPrekeyBundle =
  (needs: Pick<DeviceNeeds, 'claims'>): FederationHandler<'claim-multi-prekey-bundle'> =>
  async (wanted) =>
    claimManyLocally(needs, wanted)
