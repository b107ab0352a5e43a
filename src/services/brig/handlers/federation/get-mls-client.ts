import { mlsInfo, schemeOf } from '../../mls-clients.ts'
import { findDevice } from '../../store-devices.ts'
import type { BrigDb } from '../../tables.ts'
import type { FederationHandler } from '../handler.ts'

export const getMlsClient =
  ({ db }: { readonly db: BrigDb }): FederationHandler<'get-mls-client'> =>
  async ({ user_id: user, client_id: client, cipher_suite: suite }) => {
    const scheme = schemeOf(suite)
    const device = await findDevice(db, user, client)
    return device ? mlsInfo(device, scheme) : { id: client, mls: false }
  }
