import { claimLocally } from '../../device-lookup.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

export const claimPrekey =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'claim-prekey'> =>
  async ([user, client]) =>
    (await claimLocally(db, { user, client })) ?? null
