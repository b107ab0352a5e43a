import type { galleyFederation } from '#src/contract/federation/galley.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import type { FederationContext } from '#src/rpc/federation-server.ts'
import type { GenerationStore } from '../../store-generations.ts'

interface Needs {
  readonly store: Pick<GenerationStore, 'endGeneration'>
}

/** Committed before the answer. A backend ends its own promises and nobody else's. */
export const forgetClients =
  ({ store }: Needs): RpcHandler<(typeof galleyFederation)['forget-clients'], FederationContext> =>
  async (_, { origin }) => {
    await store.endGeneration(origin)
    return {}
  }
