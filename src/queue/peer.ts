/** Talking to one other backend for the queue: through our own federator, every call under a deadline. */
import { z } from 'zod'
import {
  type BatchResult,
  NOTIFICATION_BATCH,
  NotificationBatchResults,
} from '#src/contract/federation/notification-batch.ts'
import type { Domain } from '#src/contract/ids.ts'
import { within } from '#src/kit/deadline.ts'
import { causeChain } from '#src/kit/errors.ts'
import { readAll } from '#src/kit/http/wire.ts'
import type { Component, FederatorResponse, FederatorTransport } from '#src/rpc/federator-transport.ts'
import { classifyPeerAnswer, type PeerAnswer, type Verdict } from './classify.ts'
import { ANSWER_BYTES_MAX, PEER_TIMEOUT_MS } from './limits.ts'

export interface Peer {
  /** What it supports, or why that cannot be known. Asked anew each time. */
  versions(requestId: string, signal: AbortSignal): Promise<Versions | Unreachable>
  post(request: PeerRequest, signal: AbortSignal): Promise<Verdict>
  /** Several in one request; a verdict when it was answered as a whole, which says nothing about any one of them. */
  postBatch(requests: readonly PeerRequest[], signal: AbortSignal): Promise<readonly BatchResult[] | Verdict>
}

export interface Versions {
  readonly versions: readonly number[]
  readonly takesBatches: boolean
}
export interface Unreachable {
  readonly unreachable: string
}

export interface PeerRequest {
  readonly component: Component
  readonly rpc: string
  readonly version: number
  readonly requestId: string
  readonly body: string
}

interface Needs {
  readonly domain: Domain
  readonly ownDomain: Domain
  readonly federator: FederatorTransport | undefined
}

export const createPeer = ({ domain, ownDomain, federator }: Needs): Peer => {
  const ask = async (request: PeerRequest, cutOff: AbortSignal): Promise<PeerAnswer | Unreachable> => {
    if (!federator) return { unreachable: 'this backend is configured without federation' }
    const { component, rpc, version, requestId } = request
    const headers = {
      accept: 'application/json;charset=utf-8,application/json',
      'wire-origin-domain': ownDomain,
      'wire-origin-request-id': requestId,
      'x-wire-api-version': String(version),
    }
    const body = Buffer.from(request.body)
    const send = async (signal: AbortSignal): Promise<PeerAnswer> =>
      readAnswer(await federator.send({ domain, component, rpc, headers, body, signal }))
    try {
      return await within(send, { cutOff, ms: PEER_TIMEOUT_MS, what: `${rpc} of ${domain}` })
    } catch (error) {
      // No answer is an ending like any other here: the row stays and is tried again.
      return { unreachable: causeChain(error) }
    }
  }
  return {
    versions: async (requestId, signal) => {
      const asked = { component: 'brig', rpc: 'api-version', version: 0, requestId, body: '[]' } as const
      const answer = await ask(asked, signal)
      return 'unreachable' in answer ? answer : versionsIn(answer)
    },
    post: async (request, signal) => {
      const answer = await ask(request, signal)
      return 'unreachable' in answer ? { verdict: 'retry', reason: answer.unreachable } : classifyPeerAnswer(answer)
    },
    postBatch: async (requests, signal) => {
      const answer = await ask(batchOf(requests), signal)
      if ('unreachable' in answer) return { verdict: 'retry', reason: answer.unreachable }
      const verdict = classifyPeerAnswer(answer)
      return verdict.verdict === 'delivered' ? resultsIn(answer, requests.length) : verdict
    },
  }
}

/** Bodies are JSON that this backend wrote, so they are put in as they are. */
const batchOf = (requests: readonly PeerRequest[]): PeerRequest => {
  const items = requests.map(
    ({ rpc, version, requestId, body }) =>
      `{"path":${JSON.stringify(rpc)},"version":${version},"request_id":${JSON.stringify(requestId)},"body":${body}}`,
  )
  const [first] = requests
  if (!first) throw new Error('a batch of nothing')
  return { ...first, rpc: 'on-notifications', body: `{"notifications":[${items.join()}]}` }
}

const resultsIn = ({ text }: PeerAnswer, count: number): readonly BatchResult[] | Verdict => {
  const parsed = NotificationBatchResults.safeParse(JSON.parse(text))
  if (parsed.success && parsed.data.results.length === count) return parsed.data.results
  return { verdict: 'retry', reason: 'on-notifications: an answer that cannot be read' }
}

const readAnswer = async ({ status, headers, body }: FederatorResponse): Promise<PeerAnswer> => {
  const contentType = [headers['content-type'] ?? []].flat()[0]
  const text = Buffer.from(await readAll(body, ANSWER_BYTES_MAX)).toString('utf8')
  return { status, contentType, text }
}

// Whatever is wrong with this answer says nothing about the notification: it never makes us give one up.
const versionsIn = (answer: PeerAnswer): Versions | Unreachable => {
  const verdict = classifyPeerAnswer(answer)
  if (verdict.verdict !== 'delivered') {
    return { unreachable: `api-version: ${verdict.verdict === 'retry' ? verdict.reason : verdict.detail}` }
  }
  const parsed = VersionsAnswer.safeParse(JSON.parse(answer.text))
  if (!parsed.success) return { unreachable: 'api-version: an answer that cannot be read' }
  const { supported_versions: versions, comity_extensions: extensions } = parsed.data
  return { versions: versions ?? [0], takesBatches: extensions?.includes(NOTIFICATION_BATCH) ?? false }
}

/** federation-transport.md §12; `supported` must be there and is ignored. */
const VersionsAnswer = z.object({
  supported: z.array(z.int()).max(1_000),
  supported_versions: z.array(z.int()).max(1_000).nullish(),
  comity_extensions: z.array(z.string()).max(1_000).optional().catch(undefined),
})
