/** Waiting until our own parts have been told what was enqueued for them. */
import type { courierInternal } from '#src/contract/internal/courier.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import { createDoorbell, type Doorbell } from './doorbell.ts'
import { LOCAL_LANE } from './letters.ts'
import { FLUSH_POLL_MS, FLUSH_TIMEOUT_MS } from './limits.ts'
import type { OutboxStore } from './outbox-store.ts'

export interface Flushes {
  readonly handler: Handler<(typeof courierInternal)['flush-queue'], unknown>
  /** A lane of that service got on. */
  settled(service: string): void
}

interface Needs {
  readonly stores: ReadonlyMap<string, OutboxStore>
  readonly wake: (name: { readonly service: string; readonly lane: string }) => void
  readonly clock: Clock
}

export const flushQueue = ({ stores, wake, clock }: Needs): Flushes => {
  const waiting = new Map<Doorbell, string>()
  return {
    settled: (service) => {
      for (const [bell, own] of waiting) if (own === service) bell.ring()
    },
    handler: async ({ body: { service, id } }) => {
      const store = stores.get(service)
      if (!store) return { outcome: 'unknown-service' }
      wake({ service, lane: LOCAL_LANE })
      const bell = createDoorbell(clock)
      waiting.set(bell, service)
      try {
        return { outcome: 'flushed', body: { delivered: await untilDelivered({ store, id, bell, clock }) } }
      } finally {
        waiting.delete(bell)
      }
    },
  }
}

interface Waiting {
  readonly store: OutboxStore
  readonly id: string
  readonly bell: Doorbell
  readonly clock: Clock
}

const untilDelivered = async ({ store, id, bell, clock }: Waiting): Promise<boolean> => {
  const endMs = clock.monotonicMs() + FLUSH_TIMEOUT_MS
  while (await store.isWaiting(LOCAL_LANE, id)) {
    if (clock.monotonicMs() >= endMs) return false
    await bell.wait(FLUSH_POLL_MS)
  }
  return true
}
