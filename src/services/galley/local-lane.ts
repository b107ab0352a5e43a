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
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'

export interface LocalLane {
  /** False when it takes too long, or when nobody can say; what is committed arrives all the same, later. */
  delivered(row: string | undefined): Promise<boolean>
}

interface Needs {
  readonly courier: Transport
  readonly log: Log
}

export const localLane = ({ courier, log }: Needs): LocalLane => ({
  delivered: async (row) => {
    if (row === undefined) return true
    try {
      const answer = await call(courier, courierInternal['flush-queue'], { body: { service: 'galley', id: row } })
      return answer.outcome === 'flushed' && answer.body.delivered
    } catch (error) {
      // Nothing is lost by it; the caller decides what it means.
      log.warn({ err: error }, 'asking the courier whether it is done')
      return false
    }
  },
})
