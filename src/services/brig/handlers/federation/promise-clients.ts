import { promiseDevices, type PromiseNeeds } from '../../device-promises.ts'
import type { FederationHandler } from '../handler.ts'

export const promiseClients =
  (needs: PromiseNeeds): FederationHandler<'promise-clients'> =>
  async ({ users }, { origin }) => {
    const { devices, promiseMs, changing } = await promiseDevices(needs, { users, watcher: origin })
    return { clients: Object.fromEntries(devices), promise_ms: promiseMs, changing: [...changing] }
  }
