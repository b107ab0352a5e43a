import type { Domain } from '#src/contract/ids.ts'
import { localDevices } from '../../device-lookup.ts'
import { promiseDevices, type PromiseNeeds } from '../../device-promises.ts'
import type { InternalHandler } from '../handler.ts'

interface Needs extends PromiseNeeds {
  readonly domain: Domain
}

export const getClients =
  (needs: Needs): InternalHandler<'get-clients'> =>
  async ({ body: { users, promise } }) => {
    if (!promise) {
      const clients = Object.fromEntries(await localDevices(needs.db, users))
      return { outcome: 'found', body: { clients, promise_ms: 0, changing: [] } }
    }
    const { devices, promiseMs, changing } = await promiseDevices(needs, { users, watcher: needs.domain })
    const clients = Object.fromEntries(devices)
    return { outcome: 'found', body: { clients, promise_ms: promiseMs, changing: [...changing] } }
  }
