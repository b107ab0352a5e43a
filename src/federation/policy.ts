/**
 * Whom we talk to (federation-transport.md §10.1). Asked anew for every request and not remembered here, so that a
 * domain taken off the list is refused with its next request.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { POLICY_TIMEOUT_MS } from './limits.ts'

/** What brig answers to `GET /i/federation/remotes`, as far as the transport is concerned. */
export interface KnownRemotes {
  readonly strategy: RemoteConfigs['strategy']
  readonly remotes: readonly { readonly domain: Domain }[]
}

export type RemotesProvider = () => Promise<KnownRemotes>

export type IsAllowed = (domain: Domain) => Promise<boolean>

export const policyOf =
  (remotes: RemotesProvider): IsAllowed =>
  async (domain) =>
    allows(await askForRemotes(remotes), domain)

export const askForRemotes = (remotes: RemotesProvider): Promise<KnownRemotes> =>
  withDeadline(remotes(), POLICY_TIMEOUT_MS, 'asking brig for the known remotes')

export const allows = ({ strategy, remotes }: KnownRemotes, domain: Domain): boolean => {
  switch (strategy) {
    case 'allowAll':
      return true
    case 'allowNone':
      return false
    case 'allowDynamic':
      return remotes.some((remote) => remote.domain === domain)
  }
}
