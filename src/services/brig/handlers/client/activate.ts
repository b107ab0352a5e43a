import { activate as activateBy, type ActivationNeeds } from '../../activation.ts'
import type { PublicHandler } from '../handler.ts'

export const activate =
  (needs: ActivationNeeds): PublicHandler<'activate'> =>
  async ({ body: { key, email, code, dryrun } }, { requestId }) =>
    activateBy(needs, { key, email, code, isDryRun: dryrun ?? false, cause: { requestId } })
