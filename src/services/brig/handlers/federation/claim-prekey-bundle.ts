import { claimAllLocally } from '../../device-lookup.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

export const claimPrekeyBundle =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'claim-prekey-bundle'> =>
  async (user) =>
    claimAllLocally(db, user)
