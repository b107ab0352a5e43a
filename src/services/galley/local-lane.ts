/**
 * Waiting until gundeck has what galley queued for it.
 *
 * Messages of other backends are pushed directly, because their senders keep and repeat them; everything else goes
 * through the queue in our database. Between the two there is no order, and one is needed: an event that reaches a
 * device's history after a later one is dropped by stock clients. So what other backends tell us about conversations
 * is answered only when its events have arrived; the message that follows comes after the answer. To push messages
 * through the queue as well was refused: it would cost a commit for every message to keep an order that rarely
 * matters.
 */
import { courierInternal } from '#src/contract/internal/courier.ts'
import { Refusal } from '#src/kit/errors.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'

export interface LocalLane {
  /** Throws when it takes too long; whoever told us of it tells us again. */
  delivered(row: string | undefined): Promise<void>
}

export const localLane = (courier: Transport): LocalLane => ({
  delivered: async (row) => {
    if (row === undefined) return
    const answer = await call(courier, courierInternal['flush-queue'], { body: { service: 'galley', id: row } })
    if (answer.outcome === 'unknown-service') throw new Error('the courier does not serve galley')
    if (!answer.body.delivered) throw new Refusal(503, 'try-again', { detail: 'our own queue is behind' })
  },
})
