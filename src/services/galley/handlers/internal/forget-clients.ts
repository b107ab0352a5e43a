import type { Domain } from '#src/contract/ids.ts'
import type { galleyInternal } from '#src/contract/internal/galley.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { InternalContext } from '#src/rpc/context.ts'
import type { GenerationStore } from '../../store-generations.ts'

interface Needs {
  readonly store: Pick<GenerationStore, 'endGeneration'>
  readonly domain: Domain
}

/** Committed before the answer. */
export const forgetClients =
  ({ store, domain }: Needs): Handler<(typeof galleyInternal)['forget-clients'], InternalContext> =>
  async () => {
    await store.endGeneration(domain)
    return { outcome: 'forgotten', body: {} }
  }
