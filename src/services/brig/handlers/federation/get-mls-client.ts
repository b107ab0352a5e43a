import { knownSuite, mlsClient, type MlsClientNeeds } from '../../mls-clients.ts'
import type { FederationHandler } from '../handler.ts'

export const getMlsClient =
  (needs: MlsClientNeeds): FederationHandler<'get-mls-client'> =>
  async ({ user_id: user, client_id: client, cipher_suite: suite }) =>
    mlsClient(needs, { user, client }, knownSuite(suite))
