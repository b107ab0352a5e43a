/**
 * Many notifications in one request: an extension of ours, used only towards backends that announce it in their answer to
 * `api-version` (docs/decisions/notification-batch.md).
 */
import { z } from 'zod'
import { RequestId } from '../ids.ts'
import { opaqueText } from '../shapes.ts'
import { NOTIFICATIONS_PER_BATCH_MAX, REFUSAL_CHARACTERS_MAX, RPC_NAME_CHARACTERS_MAX } from './limits.ts'

/** What a backend announces that takes batches. */
export const NOTIFICATION_BATCH = 'notification-batch'

export const NotificationBatch = z.object({
  /** Taken in this order. */
  notifications: z
    .array(
      z.object({
        /** The name of its RPC, which is one that is delivered through the queue. */
        path: z.string().min(1).max(RPC_NAME_CHARACTERS_MAX),
        version: z.int().min(0),
        request_id: RequestId,
        /** What its own request would carry, checked when it is its turn: a bad one must not cost the others. */
        body: z.unknown(),
      }),
    )
    .min(1)
    .max(NOTIFICATIONS_PER_BATCH_MAX),
})
export type NotificationBatch = z.infer<typeof NotificationBatch>

const BatchResult = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('taken') }),
  /** What its own request would have been answered with. */
  z.object({
    outcome: z.literal('refused'),
    code: z.int(),
    label: opaqueText(RPC_NAME_CHARACTERS_MAX),
    message: z.string().max(REFUSAL_CHARACTERS_MAX),
  }),
  /** One before it failed in a way that may pass, and this one must not overtake it. */
  z.object({ outcome: z.literal('untried') }),
])
export type BatchResult = z.infer<typeof BatchResult>

/** One for each, in their order. */
export const NotificationBatchResults = z.object({
  results: z.array(BatchResult).max(NOTIFICATIONS_PER_BATCH_MAX),
})
export type NotificationBatchResults = z.infer<typeof NotificationBatchResults>
