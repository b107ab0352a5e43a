import { knownSuite, type MlsClientNeeds, mlsClients } from '../../mls-clients.ts'
import type { FederationHandler } from '../handler.ts'

export const getMlsClients =
  (needs: MlsClientNeeds): FederationHandler<'get-mls-clients'> =>
  async ({ user_id: user, cipher_suite: suite }) =>
    mlsClients(needs, user, knownSuite(suite))

/** COMPAT(v0): the scheme that is named is ignored, the suite is 1 (federation-api.md §6.6). */
export const getMlsClientsV0 =
  (needs: MlsClientNeeds): FederationHandler<'get-mls-clients-v0'> =>
  async ({ user_id: user }) =>
    mlsClients(needs, user, knownSuite(1))
