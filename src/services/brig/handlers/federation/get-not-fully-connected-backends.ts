import { notFederating } from '../../federation-rules.ts'
import type { KnownRemotes } from '../../known-remotes.ts'
import type { FederationHandler } from '../handler.ts'

export const getNotFullyConnectedBackends =
  ({ known }: { readonly known: KnownRemotes }): FederationHandler<'get-not-fully-connected-backends'> =>
  async ({ domains }) => ({ non_connected_backends: notFederating(domains, await known.all()) })
