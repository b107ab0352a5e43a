/** Cargohold will keep assets. For now it is there, answers that it is, and serves nothing. */
import { cargoholdClient } from '#src/contract/client/cargohold.ts'
import type { Route } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { clientRoutes } from '#src/rpc/context.ts'

export interface Cargohold extends AsyncDisposable {
  readonly routes: Route[]
}

export const startCargohold = async ({ log }: { readonly log: Log }): Promise<Cargohold> => ({
  routes: clientRoutes(cargoholdClient, {}, { log }),
  [Symbol.asyncDispose]: async () => {},
})
