import { localDevices } from '../../device-lookup.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

export const getUserClients =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'get-user-clients'> =>
  async ({ users }) =>
    Object.fromEntries(await localDevices(db, users))
