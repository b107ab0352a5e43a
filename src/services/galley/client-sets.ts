/** Clients of users of several backends, and how such sets are written on the wire. */
import type { QualifiedUserClients } from '#src/contract/federation/shared.ts'
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'

/** A user without clients may stand in it, with an empty set. */
export type ClientSets = ReadonlyMap<Domain, ReadonlyMap<UserId, ReadonlySet<ClientId>>>

export interface ClientSetsBuilder {
  /** Puts the user into the result even when no client is given. */
  add(domain: Domain, user: UserId, clients?: Iterable<ClientId>): void
  readonly sets: ClientSets
}

export const clientSets = (): ClientSetsBuilder => {
  const sets = new Map<Domain, Map<UserId, Set<ClientId>>>()
  return {
    sets,
    add(domain, user, clients = NOBODY) {
      const users = sets.get(domain)
      const known = users?.get(user)
      if (known) for (const client of clients) known.add(client)
      else if (users) users.set(user, new Set(clients))
      else sets.set(domain, new Map<UserId, Set<ClientId>>().set(user, new Set(clients)))
    },
  }
}

const NOBODY: readonly ClientId[] = []

export const union = (one: ClientSets, other: ClientSets): ClientSets => {
  if (other.size === 0) return one
  if (one.size === 0) return other
  const result = clientSets()
  for (const sets of [one, other]) {
    for (const [domain, user, clients] of eachUser(sets)) result.add(domain, user, clients)
  }
  return result.sets
}

/** Written sorted, as sets are (federation-api.md §2.2). */
export const toWire = (sets: ClientSets): QualifiedUserClients => {
  const wire: QualifiedUserClients = {}
  for (const [domain, users] of sets) {
    wire[domain] = Object.fromEntries([...users].map(([user, clients]) => [user, [...clients].toSorted()]))
  }
  return wire
}

export function* eachUser(sets: ClientSets): Generator<readonly [Domain, UserId, ReadonlySet<ClientId>]> {
  for (const [domain, users] of sets) for (const [user, clients] of users) yield [domain, user, clients]
}
