/** What our own parts ask of the courier. */
import { z } from 'zod'
import { answer, endpoint, failure } from '#src/kit/endpoint.ts'

export const courierInternal = {
  'flush-queue': endpoint(
    'Wait, at most five seconds, until our own parts have been told what a service enqueued for them up to a row. ' +
      'For answers that a client may act upon at once; what is not delivered in time is delivered later all the same.',
    {
      method: 'POST',
      path: '/i/queue/flush',
      access: 'internal',
      body: z.object({
        service: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
        /** Of the last row, as `enqueueLocal` returned it. The transaction must have been committed. */
        id: z.string().regex(/^[1-9]\d{0,18}$/),
      }),
      answers: {
        flushed: answer(200, z.object({ delivered: z.boolean() }), '`delivered` is false when the time was over.'),
        'unknown-service': failure(404, 'unknown-service', 'This service has no queue here'),
      },
    },
  ),
}
