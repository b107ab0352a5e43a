import { brigFederation } from '#src/contract/federation/brig.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { askEach } from '../../other-backends.ts'
import type { InternalHandler } from '../handler.ts'

/** Every one of the backends is asked about the others; the first that misses one names the pair (rules.md §1.5). */
export const federationStatus =
  ({ remotes }: { readonly remotes: RemoteBackends }): InternalHandler<'federation-status'> =>
  async ({ body: { domains } }, { requestId }) => {
    const { answers, failed } = await askEach(domains, { requestId }, (domain, context) => {
      const input = { domains: domains.filter((other) => other !== domain) }
      return remotes.call(domain, brigFederation['get-not-fully-connected-backends'], input, context)
    })
    if (failed.length > 0) return { outcome: 'unreachable', body: { unreachable_backends: [...failed] } }
    for (const [domain, { non_connected_backends: missing }] of answers) {
      const [first] = missing.filter((other) => domains.includes(other))
      if (first === undefined) continue
      return { outcome: 'non-fully-connected', body: { status: 'non-fully-connected', not_connected: [domain, first] } }
    }
    return { outcome: 'fully-connected', body: { status: 'fully-connected' } }
  }
