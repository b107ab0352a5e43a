import type { MlsClientNeeds } from '../../mls-clients.ts'
import { countKeyPackages as count } from '../../store-key-packages.ts'
import { suiteAskedFor } from '../../suite-parameter.ts'
import type { ClientHandler } from '../handler.ts'

export const countKeyPackages =
  ({ db, clock }: MlsClientNeeds): ClientHandler<'count-key-packages'> =>
  async ({ params: { client }, query }, { caller: { user }, apiVersion }) => {
    const { number: suite } = suiteAskedFor(query.ciphersuite, apiVersion)
    return { outcome: 'counted', body: { count: await count(db, { user, client }, { suite, now: clock.now() }) } }
  }
