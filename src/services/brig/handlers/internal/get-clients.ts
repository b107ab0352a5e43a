import { localDevices } from '../../device-lookup.ts'
import type { BrigDb } from '../../tables.ts'
import type { InternalHandler } from '../handler.ts'

export const getClients =
  ({ db }: { readonly db: BrigDb }): InternalHandler<'get-clients'> =>
  async ({ body }) => ({ outcome: 'found', body: { clients: Object.fromEntries(await localDevices(db, body.users)) } })
