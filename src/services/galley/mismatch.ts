/**
 * Comparing the recipients that a client chose with those that a conversation has (rules.md §10).
 *
 * Knows nothing of storage or network: what members exist, which clients they have, and which backends did not say
 * are given to it. So the whole of a rule that every message hangs on can be tested as a table.
 */
import type { ClientId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import type { MismatchStrategy } from '#src/rpc/proteus.ts'
import { clientSets, type ClientSets, type ClientSetsBuilder, union } from './client-sets.ts'

export interface Addressing {
  readonly members: readonly QualifiedUserId[]
  /** The clients of the members whose backends answered; a user without an entry has none. */
  readonly clients: ClientSets
  /** Backends that did not say which clients their users have. */
  readonly silent: Pick<ReadonlySet<Domain>, 'has'>
  readonly sender: QualifiedUserId
  readonly senderClient: ClientId
  /** Whom the sender wrote to. */
  readonly recipients: ReadonlyMap<Domain, ReadonlyMap<UserId, ReadonlyMap<ClientId, unknown>>>
  readonly strategy: MismatchStrategy
}

export interface Mismatch {
  /** Recipients that exist: those who get the message if it is sent. */
  readonly valid: ClientSets
  /** Forgotten clients that the strategy does not let pass; any of them keeps the message from being sent. */
  readonly missing: ClientSets
  readonly deleted: ClientSets
  readonly redundant: ClientSets
  /** Members of silent backends for whom the sender named no client: nothing can be sent to them. */
  readonly failedToSend: ClientSets
  /** Everything that is taken on the sender's word, the above included. */
  readonly failedToConfirm: ClientSets
}

export type Comparison =
  | { readonly outcome: 'compared'; readonly mismatch: Mismatch }
  | { readonly outcome: 'unknown-client' }
  /** The sender's own backend is silent, so nobody vouches for the sending client. */
  | { readonly outcome: 'unconfirmed-sender' }

export const compare = (addressing: Addressing): Comparison => {
  const { sender, senderClient, silent, clients } = addressing
  if (silent.has(sender.domain)) return { outcome: 'unconfirmed-sender' }
  if (!clients.get(sender.domain)?.get(sender.id)?.has(senderClient)) return { outcome: 'unknown-client' }

  const { expected, known, unknown } = expectation(addressing)
  const { deleted, redundant, valid } = sortRecipients(addressing, expected)
  return {
    outcome: 'compared',
    mismatch: {
      valid,
      missing: forgotten(addressing, expected),
      deleted,
      redundant,
      failedToSend: unknown,
      failedToConfirm: union(known, unknown),
    },
  }
}

interface Expectation {
  /** Everybody who should get the message: all clients of all members but the sending one. */
  readonly expected: ClientSets
  /** Members of silent backends: those with named clients count as having exactly these. */
  readonly known: ClientSets
  readonly unknown: ClientSets
}

const expectation = ({ members, clients, silent, recipients, sender, senderClient }: Addressing): Expectation => {
  const expected = new Map<Domain, Map<UserId, ReadonlySet<ClientId>>>()
  const known = clientSets()
  const unknown = clientSets()
  for (const { domain, id } of members) {
    const users = expected.get(domain) ?? new Map<UserId, ReadonlySet<ClientId>>()
    expected.set(domain, users)
    if (silent.has(domain)) {
      const named = new Set(recipients.get(domain)?.get(id)?.keys())
      if (named.size > 0) known.add(domain, id, named)
      else unknown.add(domain, id)
      users.set(id, named)
      continue
    }
    const isSender = domain === sender.domain && id === sender.id
    const all = clients.get(domain)?.get(id) ?? NONE
    users.set(id, isSender ? without(senderClient, all) : all)
  }
  return { expected, known: known.sets, unknown: unknown.sets }
}

const NONE: ReadonlySet<ClientId> = new Set()

const without = (client: ClientId, all: ReadonlySet<ClientId>): ReadonlySet<ClientId> => {
  const others = new Set(all)
  others.delete(client)
  return others
}

/** Every member is a user of `expected`, so it also answers who is one. */
const sortRecipients = (
  { recipients, sender, senderClient }: Addressing,
  expected: ClientSets,
): Pick<Mismatch, 'deleted' | 'redundant' | 'valid'> => {
  const [valid, deleted, redundant] = [clientSets(), clientSets(), clientSets()]
  const bin = (domain: Domain, user: UserId, client: ClientId): ClientSetsBuilder => {
    const ofMember = expected.get(domain)?.get(user)
    if (!ofMember) return redundant
    if (ofMember.has(client)) return valid
    const isSendingClient = domain === sender.domain && user === sender.id && client === senderClient
    return isSendingClient ? redundant : deleted
  }
  for (const [domain, users] of recipients) {
    for (const [user, texts] of users) {
      for (const client of texts.keys()) bin(domain, user, client).add(domain, user, [client])
    }
  }
  return { valid: valid.sets, deleted: deleted.sets, redundant: redundant.sets }
}

const forgotten = ({ recipients, strategy }: Addressing, expected: ClientSets): ClientSets => {
  const missing = clientSets()
  const isReported = reporting(strategy)
  for (const [domain, users] of expected) {
    const ofDomain = recipients.get(domain)
    for (const [user, clients] of users) {
      const addressed = ofDomain?.get(user)
      const left: ClientId[] = []
      for (const client of clients) if (!addressed?.has(client)) left.push(client)
      if (left.length > 0 && isReported(domain, user)) missing.add(domain, user, left)
    }
  }
  return missing.sets
}

const reporting = (strategy: MismatchStrategy): ((domain: Domain, user: UserId) => boolean) => {
  if (strategy.kind === 'report-all') return () => true
  if (strategy.kind === 'ignore-all') return () => false
  const listed = new Set(strategy.users.map(({ domain, id }) => `${id}@${domain}`))
  const reportsListed = strategy.kind === 'report-only'
  return (domain, user) => listed.has(`${user}@${domain}`) === reportsListed
}
