import { claimKeyPackagesLocally, type LocalClaimNeeds } from '../../key-package-claims.ts'
import { knownSuite } from '../../mls-clients.ts'
import type { FederationHandler } from '../handler.ts'

/** Any backend that may talk to us may have them: who the claimant is does not matter. */
export const claimKeyPackages =
  (needs: LocalClaimNeeds): FederationHandler<'claim-key-packages'> =>
  async ({ target: user, cipher_suite: suite }) =>
    (await claimKeyPackagesLocally(needs, { user, suite: knownSuite(suite) })) ?? null
