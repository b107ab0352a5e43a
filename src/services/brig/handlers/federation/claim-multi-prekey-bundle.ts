import { claimManyLocally } from '../../device-lookup.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

export const claimMultiPrekeyBundle =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'claim-multi-prekey-bundle'> =>
  async (wanted) =>
    claimManyLocally(db, wanted)
