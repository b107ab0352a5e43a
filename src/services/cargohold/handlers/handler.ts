/** The shape of each handler of cargohold. */
import type { cargoholdClient } from '#src/contract/client/cargohold.ts'
import type { cargoholdFederation } from '#src/contract/federation/cargohold.ts'
import type { Handler, OutcomeOf, RpcHandler } from '#src/kit/endpoint.ts'
import type { ClientContext } from '#src/rpc/context.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'

export type ClientHandler<Name extends keyof typeof cargoholdClient> = Handler<
  (typeof cargoholdClient)[Name],
  ClientContext
>

export type FederationHandler<Name extends keyof typeof cargoholdFederation> = RpcHandler<
  (typeof cargoholdFederation)[Name],
  FederationContext
>

export type Downloaded = OutcomeOf<(typeof cargoholdClient)['download-asset']>
