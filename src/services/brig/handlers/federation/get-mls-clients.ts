import { mlsInfo, schemeOf } from '../../mls-clients.ts'
import { findDevices } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

export const getMlsClients =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'get-mls-clients'> =>
  async ({ user_id: user, cipher_suite: suite }) => {
    const scheme = schemeOf(suite)
    return (await findDevices(db, user)).map((device) => mlsInfo(device, scheme))
  }

/** COMPAT(v0): the scheme that is named is ignored, the suite is 1 (federation-api.md §6.6). */
export const getMlsClientsV0 =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'get-mls-clients-v0'> =>
  async ({ user_id: user }) =>
    (await findDevices(db, user)).map((device) => mlsInfo(device, 'ed25519'))
