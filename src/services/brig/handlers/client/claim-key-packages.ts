import { claimKeyPackagesElsewhere, claimKeyPackagesLocally, type ClaimNeeds } from '../../key-package-claims.ts'
import { suiteAskedFor } from '../../suite-parameter.ts'
import type { ClientHandler } from '../handler.ts'

export const claimKeyPackages =
  (needs: ClaimNeeds): ClientHandler<'claim-key-packages'> =>
  async ({ params: { domain, user }, query }, { caller, apiVersion, requestId }) => {
    const suite = suiteAskedFor(query.ciphersuite, apiVersion)
    // The device that builds a group is in it already.
    const own = query.skip_own ?? caller.client
    const except = domain === needs.domain && user === caller.user ? own : undefined
    const claimed =
      domain === needs.domain
        ? await claimKeyPackagesLocally(needs, { user, suite, except })
        : await claimKeyPackagesElsewhere(
            needs,
            { claimant: caller.user, target: { domain, id: user }, suite },
            { requestId },
          )
    return claimed ? { outcome: 'claimed', body: claimed } : { outcome: 'invalid-user' }
  }
