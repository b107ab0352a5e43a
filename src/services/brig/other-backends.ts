/**
 * Asking other backends about their people. What they answer is cut down to what they may speak about: their own users,
 * and of those the ones that were asked for (federation-api.md §10).
 */
import { brigFederation, type SearchRequest, type SearchResponse } from '#src/contract/federation/brig.ts'
import type { UserClients } from '#src/contract/federation/shared.ts'
import type {
  ClientPrekey,
  PrekeyBundle,
  PubClient,
  UserClientPrekeyMap,
  UserProfile,
} from '#src/contract/federation/users.ts'
import type { ClientId, Domain, Handle, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { CallContext, RemoteBackends } from '#src/rpc/remote-backends.ts'
import { FAN_OUT_MAX, FAN_OUT_TIMEOUT_MS } from './limits.ts'

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
    const { contacts, searchPolicy } = await remotes.call(domain, brigFederation['search-users'], request, context)
    return { contacts: contacts.filter((contact) => isOf(domain, contact)), searchPolicy }
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
})

const isOf = (domain: Domain, { qualified_id: id }: { readonly qualified_id: QualifiedUserId }): boolean =>
  id.domain === domain

export interface Asked<R> {
  readonly answers: ReadonlyMap<Domain, R>
  readonly failed: readonly Domain[]
}

/**
 * One question to several backends, a few at a time and each with a deadline. One that cannot be asked is only counted
 * as failed: a remote must never fail what concerns others too.
 */
export const askEach = async <R>(
  domains: readonly Domain[],
  { requestId }: { readonly requestId: string },
  ask: (domain: Domain, context: CallContext) => Promise<R>,
): Promise<Asked<R>> => {
  const answers = new Map<Domain, R>()
  const failed: Domain[] = []
  const queue = [...domains]
  const work = async (): Promise<void> => {
    for (let domain = queue.shift(); domain !== undefined; domain = queue.shift()) {
      try {
        answers.set(domain, await ask(domain, { requestId, timeoutMs: FAN_OUT_TIMEOUT_MS }))
      } catch (error) {
        if (!(error instanceof FederationFailure)) throw error
        failed.push(domain)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(FAN_OUT_MAX, domains.length) }, work))
  return { answers, failed }
}

/** The ids of each domain, in the order given. */
export const byDomain = (users: readonly QualifiedUserId[]): Map<Domain, UserId[]> => {
  const grouped = Map.groupBy(users, ({ domain }) => domain)
  return new Map([...grouped].map(([domain, ids]) => [domain, [...new Set(ids.map(({ id }) => id))]]))
}
