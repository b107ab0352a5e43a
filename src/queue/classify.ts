/** What an answer to a notification means for its row (backend-notifications.md §8). */
import { z } from 'zod'
import type { BatchResult } from '#src/contract/federation/notification-batch.ts'

export type Verdict =
  | { readonly verdict: 'delivered' }
  /** Kept as a dead letter; the lane goes on. */
  | {
      readonly verdict: 'undeliverable'
      readonly reason: string
      readonly detail: string
      /** What was asked, in short, and what was answered. */
      readonly request?: string
      readonly answer?: string
    }
  /** Kept in the lane, in its place. */
  | {
      readonly verdict: 'retry'
      readonly reason: string
      readonly patience?: 'longest'
      /** The peer is there and fails this one; others may do better. */
      readonly isOfLetter?: boolean
    }

/** Still in the lane, in its place, and nobody failed it: it may go again at once, after those it must not overtake. */
export interface Untried {
  readonly verdict: 'untried'
}

export interface PeerAnswer {
  readonly status: number
  readonly contentType: string | undefined
  readonly text: string
}

/** The answer of our own federator, which speaks for the peer. */
export const classifyPeerAnswer = ({ status, contentType, text }: PeerAnswer): Verdict => {
  const body = parseJson(text)
  if (status === 200) {
    if (isJson(contentType) && isObject(body)) return { verdict: 'delivered' }
    // Also `[]`, nothing, or HTML of something that stands in front of the peer: it has not heard us.
    return { verdict: 'retry', reason: 'the peer answered 200 without a JSON object' }
  }
  const refusal = RemoteRefusal.safeParse(body)
  // The only failure that is for good. Our own federator says the same without nesting it, and then it does not count.
  if (refusal.success) {
    return { verdict: 'undeliverable', reason: 'bad-request', detail: refusal.data.inner.message ?? '', answer: text }
  }
  const reason = `the federator answered ${status} ${labelOf(body)}`.trimEnd()
  return { verdict: 'retry', reason, ...(isOfLetter(body) && { isOfLetter: true }) }
}

/**
 * Whether the peer's component failed this notification, rather than something on the way to it or the peer as a whole.
 * Only a guess is needed: whoever is taken for the wrong one is tried again all the same.
 */
const isOfLetter = (body: unknown): boolean => {
  const failed = RemoteFailure.safeParse(body)
  return failed.success && !isOfPeer(failed.data.inner)
}

const isOfPeer = ({ code, label }: { readonly code: number; readonly label: string }): boolean =>
  OF_PEER_STATUSES.has(code) || OF_PEER_LABELS.has(label)

/** RFC 9110 §15.6: what stands before a server says of the server. */
const OF_PEER_STATUSES = new Set([429, 502, 503, 504])
/** Who is denied is denied everything (federation-transport.md §6.2). */
const OF_PEER_LABELS = new Set(['federation-denied', 'authentication-failure', 'discovery-failure', 'invalid-domain'])

/** What the peer says of one of the notifications of a batch. */
export const classifyBatchResult = (result: BatchResult): Verdict | Untried => {
  if (result.outcome === 'taken') return { verdict: 'delivered' }
  if (result.outcome === 'untried') return { verdict: 'untried' }
  const { code, label, message } = result
  if (code === 400 && label === 'bad-request') {
    return { verdict: 'undeliverable', reason: 'bad-request', detail: message, answer: JSON.stringify(result) }
  }
  return { verdict: 'retry', reason: `the peer answered ${code} ${label}`, isOfLetter: !isOfPeer(result) }
}

/** The answer of one of our own parts. What it refuses it would refuse again. */
export const classifyLocalAnswer = (status: number, text: string): Verdict => {
  if (status >= 200 && status <= 299) return { verdict: 'delivered' }
  if (status >= 400 && status <= 499)
    return { verdict: 'undeliverable', reason: 'refused', detail: `${status} ${text}` }
  return { verdict: 'retry', reason: `answered ${status}` }
}

const RemoteRefusal = z.object({
  inner: z.object({ code: z.literal(400), label: z.literal('bad-request'), message: z.string().optional() }),
})

const RemoteFailure = z.object({
  label: z.literal('federation-remote-error'),
  inner: z.object({ code: z.int(), label: z.string() }),
})

const isJson = (contentType: string | undefined): boolean =>
  contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

const labelOf = (value: unknown): string => {
  const parsed = z.object({ label: z.string().max(100) }).safeParse(value)
  return parsed.success ? parsed.data.label : ''
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is one of the answers that are told apart here.
    return undefined
  }
}
