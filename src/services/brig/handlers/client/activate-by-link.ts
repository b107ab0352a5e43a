import { activate, type ActivationNeeds } from '../../activation.ts'
import type { PublicHandler } from '../handler.ts'

export const activateByLink =
  (needs: ActivationNeeds): PublicHandler<'activate-by-link'> =>
  async ({ query: { key, code } }, { requestId }) =>
    activate(needs, { key, email: undefined, code, isDryRun: false, cause: { requestId } })
