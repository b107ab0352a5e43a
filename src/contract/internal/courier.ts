/** What our own parts ask of the courier, and the operator through `comity queue`. */
import { z } from 'zod'
import { answer, endpoint, failure } from '#src/kit/endpoint.ts'

/** A backend domain, or `@local` for our own parts. */
export const LaneName = z.string().regex(/^(@local|[a-z0-9.-]{1,253})$/)

const RowId = z.string().regex(/^[1-9]\d{0,18}$/)
const ServiceName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/)
/** Dead letters that are shown, or replayed by their ids, in one call. */
export const DEAD_LETTERS_PER_CALL_MAX = 1_000

export const LaneState = z.object({
  service: ServiceName,
  lane: z.string(),
  waiting: z.int(),
  /** Since when the oldest of them waits. */
  oldest: z.iso.datetime().nullable(),
  dead: z.int(),
  isPaused: z.boolean(),
  /** Whether this courier's last attempt failed and will be repeated. */
  isStuck: z.boolean(),
})
export type LaneState = z.infer<typeof LaneState>

export const DeadLetter = z.object({
  service: ServiceName,
  id: RowId,
  lane: z.string(),
  reason: z.string(),
  detail: z.string(),
  /** What was asked, in short, and what was answered. */
  request: z.string(),
  answer: z.string(),
  letter: z.string(),
  enqueued_at: z.iso.datetime(),
  buried_at: z.iso.datetime(),
})
export type DeadLetter = z.infer<typeof DeadLetter>

export const LaneAction = z.enum(['pause', 'resume', 'retry', 'drain', 'replay'])
export type LaneAction = z.infer<typeof LaneAction>

export const courierInternal = {
  'flush-queue': endpoint(
    'Wait, at most five seconds, until our own parts have been told what a service enqueued for them up to a row. ' +
      'For answers that a client may act upon at once; what is not delivered in time is delivered later all the same.',
    {
      method: 'POST',
      path: '/i/queue/flush',
      access: 'internal',
      body: z.object({
        service: ServiceName,
        /** Of the last row, as `enqueueLocal` returned it. The transaction must have been committed. */
        id: RowId,
      }),
      answers: {
        flushed: answer(200, z.object({ delivered: z.boolean() }), '`delivered` is false when the time was over.'),
        'unknown-service': failure(404, 'unknown-service', 'This service has no queue here'),
      },
    },
  ),

  'list-lanes': endpoint('What waits for whom, what was given up, and what rests.', {
    method: 'GET',
    path: '/i/queue/lanes',
    access: 'internal',
    answers: { found: answer(200, z.object({ lanes: z.array(LaneState) })) },
  }),

  'list-dead-letters': endpoint('What was given up in a lane, oldest first.', {
    method: 'GET',
    path: '/i/queue/dead-letters',
    access: 'internal',
    query: z.object({
      lane: LaneName,
      size: z.coerce.number().int().min(1).max(DEAD_LETTERS_PER_CALL_MAX).default(100),
    }),
    answers: { found: answer(200, z.object({ letters: z.array(DeadLetter) })) },
  }),

  'control-lane': endpoint(
    'Let a lane rest (`pause`) and go on (`resume`), try it at once (`retry`), put all that waits aside as dead letters ' +
      '(`drain`), or let dead letters wait again in their old places (`replay`). Harmless the second time.',
    {
      method: 'POST',
      path: '/i/queue/control',
      access: 'internal',
      body: z.object({
        lane: LaneName,
        action: LaneAction,
        /** Only say how many letters it concerns. */
        dryRun: z.boolean().default(false),
        /** Of `replay`: these and no others. */
        letters: z.array(RowId).min(1).max(DEAD_LETTERS_PER_CALL_MAX).optional(),
      }),
      answers: { done: answer(200, z.object({ letters: z.int() }), 'How many letters it concerns.') },
    },
  ),
}
