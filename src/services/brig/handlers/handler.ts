/** The types of brig's handlers, by the name of their endpoint. */
import type { brigClient } from '#src/contract/client/brig.ts'
import type { brigFederation } from '#src/contract/federation/brig.ts'
import type { brigInternal } from '#src/contract/internal/brig.ts'
import type { Handler, RpcHandler } from '#src/kit/endpoint.ts'
import type { ClientContext, InternalContext, PublicContext } from '#src/rpc/context.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'

/** Called with an access token. */
export type ClientHandler<N extends keyof typeof brigClient> = Handler<(typeof brigClient)[N], ClientContext>

/** Called by anybody. */
export type PublicHandler<N extends keyof typeof brigClient> = Handler<(typeof brigClient)[N], PublicContext>

export type InternalHandler<N extends keyof typeof brigInternal> = Handler<(typeof brigInternal)[N], InternalContext>

export type FederationHandler<N extends keyof typeof brigFederation> = RpcHandler<
  (typeof brigFederation)[N],
  FederationContext
>
