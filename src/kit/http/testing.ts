/** Routes on a socket of their own, and a transport to them. */
import { nullLog } from '../log.ts'
import { overHttp } from './client.ts'
import { listen } from './server.ts'
import type { Route, Transport } from './wire.ts'

export interface Opened extends AsyncDisposable {
  readonly transport: Transport
}

export const openOverHttp = async (routes: readonly Route[]): Promise<Opened> => {
  const listener = await listen(routes, { host: '127.0.0.1', port: 0, name: 'routes of a test', log: nullLog })
  const transport = overHttp(listener.url)
  return {
    transport,
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]()
      await listener[Symbol.asyncDispose]()
    },
  }
}
