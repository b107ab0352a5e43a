import { knownSuite, type MlsClientNeeds, mlsClients } from '../../mls-clients.ts'
import type { InternalHandler } from '../handler.ts'

export const getMlsClients =
  (needs: MlsClientNeeds): InternalHandler<'get-mls-clients'> =>
  async ({ params: { user }, query }) => ({
    outcome: 'found',
    body: await mlsClients(needs, user, knownSuite(query.ciphersuite)),
  })
