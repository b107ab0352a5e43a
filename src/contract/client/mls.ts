/** Answers of the client API's MLS endpoints (client-conversations.md §9). */
import { z } from 'zod'
import { Timestamp } from '../ids.ts'

const EVENTS_MAX = 1_000

/** What a commit or message has led to; events are those that clients also receive as notifications. */
export const MLSMessageSendingStatus = z.object({
  events: z.array(z.looseObject({ type: z.string().max(64) })).max(EVENTS_MAX),
  time: Timestamp,
})
export type MLSMessageSendingStatus = z.infer<typeof MLSMessageSendingStatus>
