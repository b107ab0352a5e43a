/**
 * Which clients the members of a conversation have: ours from brig, others' from their backends (rules.md §10.2).
 *
 * Nothing of it is remembered: a device that was registered a moment ago must be reported as missing. What is shared
 * is the asking: messages that are sent at about the same time go into one question per backend.
 */
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { ClientId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { type SharedQuestion, sharedQuestion } from '#src/kit/shared-question.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { clientSets, type ClientSets, type ClientSetsBuilder } from './client-sets.ts'
import { fanOut, groupByDomain } from './fan-out.ts'
import {
  CLIENT_QUESTIONS_AT_ONCE,
  CLIENT_QUESTION_USERS_MAX,
  QUESTIONED_BACKENDS_MAX,
  REMOTE_CLIENTS_TIMEOUT_MS,
} from './limits.ts'

export interface MemberClients {
  readonly clients: ClientSets
  /** Backends that did not answer, and why. */
  readonly silent: ReadonlyMap<Domain, unknown>
}

export interface ClientDirectory {
  /** One question per backend whatever the number of members, all at once. */
  clientsOf(members: readonly QualifiedUserId[], requestId: string): Promise<MemberClients>
}

interface Needs {
  readonly domain: Domain
  readonly brig: Transport
  readonly remotes: RemoteBackends
  readonly clock: Clock
}

type Answer = Readonly<Record<UserId, readonly { readonly id: ClientId }[]>>

/** A question is known by the first request that it is put for. */
interface Wanted {
  readonly user: UserId
  readonly requestId: string
}

export const clientDirectory = ({ domain, brig, remotes, clock }: Needs): ClientDirectory => {
  const askOurs = shared(async (users, requestId) => {
    const headers = { 'request-id': requestId }
    const { body } = await call(brig, brigInternal['get-clients'], { body: { users } }, { headers })
    return body.clients
  })
  const questions = boundedCache<Domain, SharedQuestion<Wanted, Answer>>({ max: QUESTIONED_BACKENDS_MAX, clock })
  const questionTo = (other: Domain): SharedQuestion<Wanted, Answer> => {
    const known = questions.get(other)
    if (known) return known
    const made = shared((users, requestId) =>
      remotes.call(
        other,
        brigFederation['get-user-clients'],
        { users },
        { requestId, timeoutMs: REMOTE_CLIENTS_TIMEOUT_MS },
      ),
    )
    questions.set(other, made)
    return made
  }

  return {
    clientsOf: async (members, requestId) => {
      const byDomain = groupByDomain(members)
      const ours = byDomain.get(domain) ?? []
      byDomain.delete(domain)
      const asked = (users: readonly QualifiedUserId[]): Wanted[] => users.map(({ id }) => ({ user: id, requestId }))
      const [local, remote] = await Promise.all([
        ours.length === 0 ? {} : askOurs(asked(ours)),
        fanOut(byDomain.keys(), (other) => questionTo(other)(asked(byDomain.get(other) ?? []))),
      ])
      const found = clientSets()
      addClients(found, { domain, users: ours, answer: local })
      for (const [other, answer] of remote.answers) {
        addClients(found, { domain: other, users: byDomain.get(other) ?? [], answer })
      }
      return { clients: found.sets, silent: remote.failures }
    },
  }
}

const shared = (ask: (users: UserId[], requestId: string) => Promise<Answer>): SharedQuestion<Wanted, Answer> =>
  sharedQuestion({
    ask: (wanted) => ask([...new Set(wanted.map(({ user }) => user))], wanted[0]?.requestId ?? 'N/A'),
    atOnce: CLIENT_QUESTIONS_AT_ONCE,
    keysMax: CLIENT_QUESTION_USERS_MAX,
  })

/** Only what was asked for: an answer must not add people to a conversation. */
const addClients = (
  found: ClientSetsBuilder,
  { domain, users, answer }: { domain: Domain; users: readonly QualifiedUserId[]; answer: Answer },
): void => {
  for (const { id } of users)
    found.add(
      domain,
      id,
      (answer[id] ?? []).map((client) => client.id),
    )
}
