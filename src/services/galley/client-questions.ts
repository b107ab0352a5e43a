/**
 * Asking backends which clients people have, many people at once. With it goes the question whether that may be
 * remembered, where the backend understands it (docs/decisions/device-promises.md).
 */
import { brigFederation } from '#src/contract/federation/brig.ts'
import { DEVICE_PROMISES } from '#src/contract/federation/device-promises.ts'
import type { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { FederationFailure } from '#src/rpc/federation-failure.ts'
import type { CallContext, RemoteBackends } from '#src/rpc/remote-backends.ts'
import { REMOTE_CLIENTS_TIMEOUT_MS } from './limits.ts'
import { type Moment, momentOf, type RememberedClients } from './remembered-clients.ts'
import type { GenerationStore } from './store-generations.ts'

export type Answer = Readonly<Record<UserId, readonly { readonly id: ClientId }[]>>

/** What is promised is remembered before it returns. */
export type AskClients = (backend: Domain, users: readonly UserId[], requestId: string) => Promise<Answer>

interface Needs {
  readonly domain: Domain
  readonly brig: Transport
  readonly remotes: RemoteBackends
  readonly store: Pick<GenerationStore, 'generationOf'>
  readonly remembered: Pick<RememberedClients, 'keep'>
  readonly clock: Clock
}

export const askClients = (needs: Needs): AskClients => {
  const { domain, remembered } = needs
  return async (backend, users, requestId) => {
    const { clients, promised } =
      backend === domain ? await askOurs(needs, users, requestId) : await askOther(needs, { backend, users, requestId })
    if (promised && promised.promise_ms > 0) {
      const { since, generation, promise_ms: ms, changing } = promised
      remembered.keep({ backend, clients, changing: new Set(changing), generation, since, ms })
    }
    return clients
  }
}

interface Asked {
  readonly clients: Answer
  readonly promised?: Begun & { readonly promise_ms: number; readonly changing: readonly UserId[] }
}

/** Read before the question is sent: what is ended after that must not be relied on, whenever the answer comes. */
interface Begun {
  readonly generation: number
  readonly since: Moment
}

const begin = async ({ store, clock }: Needs, backend: Domain): Promise<Begun> => {
  const generation = await store.generationOf(backend)
  return { generation, since: momentOf(clock) }
}

const askOurs = async (needs: Needs, users: readonly UserId[], requestId: string): Promise<Asked> => {
  const begun = await begin(needs, needs.domain)
  const input = { body: { users: [...users], promise: true } }
  const { body } = await call(needs.brig, brigInternal['get-clients'], input, { headers: { 'request-id': requestId } })
  return { clients: body.clients, promised: { ...begun, ...body } }
}

interface Question {
  readonly backend: Domain
  readonly users: readonly UserId[]
  readonly requestId: string
}

const askOther = async (needs: Needs, { backend, users, requestId }: Question): Promise<Asked> => {
  const { remotes } = needs
  const context: CallContext = { requestId, timeoutMs: REMOTE_CLIENTS_TIMEOUT_MS }
  const input = { users: [...users] }
  const plainly = async (): Promise<Asked> => ({
    clients: await remotes.call(backend, brigFederation['get-user-clients'], input, context),
  })
  if (!(await remotes.announces(backend, DEVICE_PROMISES, context))) return plainly()
  const begun = await begin(needs, backend)
  try {
    const answer = await remotes.call(backend, brigFederation['promise-clients'], input, context)
    return { clients: answer.clients, promised: { ...begun, ...answer } }
  } catch (error) {
    // It is there, and does not promise, whatever it announced.
    if (isAnswered(error)) return plainly()
    throw error
  }
}

const isAnswered = (error: unknown): boolean =>
  error instanceof FederationFailure && ANSWERED.has(error.label) && error.status === 533

const ANSWERED: ReadonlySet<string> = new Set(['federation-remote-error', 'federation-invalid-body'])
