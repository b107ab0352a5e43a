/** Which clients the members of a conversation have: ours from brig, others' from their backends. */
import { brigFederation } from '#src/contract/federation/brig.ts'
import type { ClientId, Domain, QualifiedUserId, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { RemoteBackends } from '#src/rpc/remote-backends.ts'
import { clientSets, type ClientSets, type ClientSetsBuilder } from './client-sets.ts'
import { fanOut, groupByDomain } from './fan-out.ts'
import { REMOTE_CLIENTS_TIMEOUT_MS } from './limits.ts'

export interface MemberClients {
  readonly clients: ClientSets
  /** Backends that did not answer, and why. */
  readonly silent: ReadonlyMap<Domain, unknown>
}

interface Needs {
  readonly domain: Domain
  readonly brig: Transport
  readonly remotes: RemoteBackends
}

/** One question per backend whatever the number of members, all at once. */
export const clientsOf = async (
  { domain, brig, remotes }: Needs,
  members: readonly QualifiedUserId[],
  requestId: string,
): Promise<MemberClients> => {
  const byDomain = groupByDomain(members)
  const ours = byDomain.get(domain) ?? []
  byDomain.delete(domain)
  const [local, remote] = await Promise.all([
    localClients(
      brig,
      ours.map(({ id }) => id),
      requestId,
    ),
    fanOut(byDomain.keys(), (other) =>
      remotes.call(
        other,
        brigFederation['get-user-clients'],
        { users: (byDomain.get(other) ?? []).map(({ id }) => id) },
        { requestId, timeoutMs: REMOTE_CLIENTS_TIMEOUT_MS },
      ),
    ),
  ])
  const found = clientSets()
  addClients(found, { domain, users: ours, answer: local })
  for (const [other, answer] of remote.answers) {
    addClients(found, { domain: other, users: byDomain.get(other) ?? [], answer })
  }
  return { clients: found.sets, silent: remote.failures }
}

type Answer = Readonly<Record<UserId, readonly { readonly id: ClientId }[]>>

const localClients = async (brig: Transport, users: readonly UserId[], requestId: string): Promise<Answer> => {
  if (users.length === 0) return {}
  const headers = { 'request-id': requestId }
  const { body } = await call(brig, brigInternal['get-clients'], { body: { users: [...users] } }, { headers })
  return body.clients
}

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
