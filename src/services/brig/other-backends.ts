/**
 * Asking other backends about their people. What they answer is cut down to what they may speak about: their own users,
 * and of those the ones that were asked for (federation-api.md §10).
 */
import { brigFederation, type SearchRequest, type SearchResponse } from '#src/contract/federation/brig.ts'
import type { UserClients } from '#src/contract/federation/shared.ts'
import type {
  ClientPrekey,
  Contact,
  KeyPackageBundle,
  PrekeyBundle,
  PubClient,
  UserClientPrekeyMap,
  UserProfile,
} from '#src/contract/federation/users.ts'
import type { ClientId, Domain, Handle, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import type { Suite } from '#src/mls/cipher-suites.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { CallContext, RemoteBackends } from '#src/rpc/remote-backends.ts'
import { FAN_OUT_MAX, FAN_OUT_TIMEOUT_MS, FAN_OUT_TOTAL_MS } from './limits.ts'

/** Of key packages for one of ours. */
export interface RemoteClaim {
  readonly claimant: UserId
  readonly target: QualifiedUserId
  readonly suite: Suite
}

export interface OtherBackends {
  profiles(domain: Domain, users: readonly UserId[], context: CallContext): Promise<UserProfile[]>
  profileByHandle(domain: Domain, handle: Handle, context: CallContext): Promise<UserProfile | undefined>
  search(domain: Domain, request: SearchRequest, context: CallContext): Promise<SearchResponse>
  devices(domain: Domain, users: readonly UserId[], context: CallContext): Promise<Map<UserId, PubClient[]>>
  claimPrekey(
    domain: Domain,
    device: { user: UserId; client: ClientId },
    context: CallContext,
  ): Promise<ClientPrekey | undefined>
  claimPrekeysOf(domain: Domain, user: UserId, context: CallContext): Promise<PrekeyBundle>
  claimPrekeys(domain: Domain, wanted: UserClients, context: CallContext): Promise<UserClientPrekeyMap>
  /** As they come: whoever passes them on checks them first. */
  claimKeyPackages(claim: RemoteClaim, context: CallContext): Promise<KeyPackageBundle | undefined>
}

export const otherBackends = (remotes: RemoteBackends): OtherBackends => ({
  profiles: async (domain, users, context) => {
    const found = await remotes.call(domain, brigFederation['get-users-by-ids'], [...users], context)
    const asked = new Set(users)
    return found.filter((profile) => isOf(domain, profile) && asked.has(profile.id))
  },

  profileByHandle: async (domain, handle, context) => {
    const found = await remotes.call(domain, brigFederation['get-user-by-handle'], handle, context)
    return found && isOf(domain, found) ? found : undefined
  },

  search: async (domain, request, context) => {
    const { onlyInTeams: teams } = request
    const { contacts, searchPolicy } = await remotes.call(domain, brigFederation['search-users'], request, context)
    // It was told of our restriction, and is not trusted to have kept to it.
    const mayBeFound = ({ team }: Contact) => teams === null || (team !== null && teams.includes(team))
    return { contacts: contacts.filter((contact) => isOf(domain, contact) && mayBeFound(contact)), searchPolicy }
  },

  devices: async (domain, users, context) => {
    const input = { users: [...users] }
    const found = await remotes.call(domain, brigFederation['get-user-clients'], input, context)
    return new Map(users.map((user) => [user, found[user] ?? []]))
  },

  claimPrekey: async (domain, { user, client }, context) => {
    const found = await remotes.call(domain, brigFederation['claim-prekey'], [user, client], context)
    return found?.client === client ? found : undefined
  },

  claimPrekeysOf: async (domain, user, context) => {
    const found = await remotes.call(domain, brigFederation['claim-prekey-bundle'], user, context)
    return { ...found, user }
  },

  claimPrekeys: (domain, wanted, context) =>
    remotes.call(domain, brigFederation['claim-multi-prekey-bundle'], wanted, context),

  claimKeyPackages: async ({ claimant, target, suite }, context) => {
    const input = { claimant, target: target.id, cipher_suite: suite.number }
    return (await remotes.call(target.domain, brigFederation['claim-key-packages'], input, context)) ?? undefined
  },
})

const isOf = (domain: Domain, { qualified_id: id }: { readonly qualified_id: QualifiedUserId }): boolean =>
  id.domain === domain

export interface Asked<R> {
  readonly answers: ReadonlyMap<Domain, R>
  readonly failed: readonly Domain[]
}

/**
 * One question to several backends, a few at a time, each with a deadline and all with one. One that cannot be asked is
 * only counted as failed: a remote must never fail what concerns others too.
 */
export const askEach = async <R>(
  domains: readonly Domain[],
  { requestId }: { readonly requestId: string },
  ask: (domain: Domain, context: CallContext) => Promise<R>,
  totalMs = FAN_OUT_TOTAL_MS,
): Promise<Asked<R>> => {
  const answers = new Map<Domain, R>()
  const queue = [...domains]
  const work = async (signal: AbortSignal): Promise<void> => {
    for (let domain = queue.shift(); domain !== undefined && !signal.aborted; domain = queue.shift()) {
      try {
        const answer = await ask(domain, { requestId, timeoutMs: FAN_OUT_TIMEOUT_MS })
        // What comes when the time is over is not looked at: the caller has counted it as failed.
        if (!signal.aborted) answers.set(domain, answer)
      } catch (error) {
        if (!(error instanceof FederationFailure)) throw error
      }
    }
  }
  const workers = Math.min(FAN_OUT_MAX, domains.length)
  const all = (signal: AbortSignal) => Promise.all(Array.from({ length: workers }, () => work(signal)))
  try {
    await withDeadline(all, totalMs, `asking ${domains.length} backends`)
  } catch (error) {
    // Many dead backends, each waited for in its turn, would hold the request for minutes.
    if (!(error instanceof DeadlineExceeded)) throw error
  }
  return { answers, failed: domains.filter((domain) => !answers.has(domain)) }
}

/** The ids of each domain, in the order given. */
export const byDomain = (users: readonly QualifiedUserId[]): Map<Domain, UserId[]> => {
  const grouped = Map.groupBy(users, ({ domain }) => domain)
  return new Map([...grouped].map(([domain, ids]) => [domain, [...new Set(ids.map(({ id }) => id))]]))
}
