/**
 * Telling our own parts, and through them users' devices, what changed. Everything goes through brig's queue, in the
 * transaction that made the change: a crash can neither announce what was not stored nor forget to announce what was.
 */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { courierInternal } from '#src/contract/internal/courier.ts'
import type { OneToOneAlignment } from '#src/contract/internal/galley.ts'
import type { PushedEvent } from '#src/contract/internal/gundeck.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { enqueueLocal } from '#src/queue/outbox.ts'
import type { Caller } from '#src/rpc/context.ts'
import { FLUSH_TIMEOUT_MS } from './limits.ts'
import type { BrigTransaction } from './tables.ts'

/** What caused an announcement: the request, and the caller whose own socket need not hear of it. */
export interface Cause {
  readonly requestId: string
  readonly caller?: Caller
}

/** Place in brig's queue. */
export type QueueId = string

export interface Announcements {
  /** An event for all devices of these users. */
  push(tx: BrigTransaction, told: { users: readonly UserId[]; event: PushedEvent }, cause: Cause): Promise<QueueId>
  align(tx: BrigTransaction, alignment: OneToOneAlignment, cause: Cause): Promise<QueueId>
  /** Lets the device acknowledge what it is told from then on. To be said before anything that it must not miss. */
  openStream(tx: BrigTransaction, device: { user: UserId; client: ClientId }, cause: Cause): Promise<QueueId>
  closeDevice(tx: BrigTransaction, device: { user: UserId; client: ClientId }, cause: Cause): Promise<QueueId>
  /** Ends the connections of somebody who may not use his account. */
  disconnect(tx: BrigTransaction, suspended: { user: UserId }, cause: Cause): Promise<QueueId>
  /** Takes a deleted user out of all conversations, then forgets what he was told. */
  forgetUser(tx: BrigTransaction, gone: { user: UserId }, cause: Cause): Promise<QueueId>
  /** Waits, not for ever, until everything up to there has arrived. */
  arrived(id: QueueId, cause: Cause): Promise<void>
}

/** Of what brig tells, only that somebody wants to be connected cannot wait until the device comes by itself. */
const WAKING: ReadonlySet<string> = new Set(['user.connection'])

interface Needs {
  readonly random: Random
  readonly courier: Transport
  readonly log: Log
}

export const announcements = ({ random, courier, log }: Needs): Announcements => ({
  push: (tx, { users, event }, { requestId, caller }) => {
    const origin = caller ? { ...caller } : null
    const recipients = users.map((user) => ({ user }))
    const push = { id: random.uuid(), recipients, payload: [event], origin, nativePush: WAKING.has(event.type) }
    return enqueueLocal(tx, { target: 'gundeck', endpoint: 'push', body: { pushes: [push] }, requestId })
  },

  align: (tx, alignment, { requestId }) =>
    enqueueLocal(tx, { target: 'galley', endpoint: 'connect-one2one', body: alignment, requestId }),

  openStream: (tx, device, { requestId }) =>
    enqueueLocal(tx, { target: 'gundeck', endpoint: 'open-stream', body: device, requestId }),

  closeDevice: (tx, device, { requestId }) =>
    enqueueLocal(tx, { target: 'gundeck', endpoint: 'remove-client', body: device, requestId }),

  disconnect: (tx, suspended, { requestId }) =>
    enqueueLocal(tx, { target: 'gundeck', endpoint: 'disconnect-user', body: suspended, requestId }),

  forgetUser: async (tx, gone, { requestId }) => {
    await enqueueLocal(tx, { target: 'galley', endpoint: 'remove-user', body: gone, requestId })
    return enqueueLocal(tx, { target: 'gundeck', endpoint: 'remove-user', body: gone, requestId })
  },

  arrived: async (id, { requestId }) => {
    // The change is stored and will be told; only that it has been told already cannot always be promised.
    try {
      const input = { body: { service: 'brig', id } }
      const asked = call(courier, courierInternal['flush-queue'], input, { headers: { 'request-id': requestId } })
      const answer = await withDeadline(asked, FLUSH_TIMEOUT_MS, 'waiting for the queue')
      const hasArrived = answer.outcome === 'flushed' && answer.body.delivered
      if (!hasArrived) log.warn({ requestId, queued: id }, 'answering before what was queued has arrived')
    } catch (error) {
      log.warn({ err: error, requestId, queued: id }, 'answering before what was queued has arrived')
    }
  },
})
