/** The operator's hand on the queue: looking at lanes, and what can be done with one. */
import type { courierInternal, DeadLetter, LaneState } from '#src/contract/internal/courier.ts'
import type { Handler } from '#src/kit/endpoint.ts'
import type { Log } from '#src/kit/log.ts'
import type { ControlStore } from './control-store.ts'
import type { Tally } from './tally.ts'

interface Needs {
  /** By service. */
  readonly stores: ReadonlyMap<string, ControlStore>
  readonly tally: Tally
  readonly wake: (name: { readonly service: string; readonly lane: string }) => void
  /** Lets what waits for a retry try at once, in whatever process it waits. */
  readonly retryNow: (lane: string) => Promise<void>
  readonly log: Log
}

type Contract = typeof courierInternal

export const listLanes =
  ({ stores, tally }: Needs): Handler<Contract['list-lanes'], unknown> =>
  async () => {
    const stuck = new Set(
      tally.lanes().flatMap(({ service, lane, isStuck }) => (isStuck ? [`${service} ${lane}`] : [])),
    )
    const lanes: LaneState[] = []
    for (const [service, store] of stores) {
      for (const { oldest, ...lane } of await store.lanes()) {
        const isStuck = stuck.has(`${service} ${lane.lane}`)
        lanes.push({ service, ...lane, oldest: oldest && oldest.toISOString(), isStuck })
      }
    }
    return { outcome: 'found', body: { lanes } }
  }

export const listDeadLetters =
  ({ stores }: Needs): Handler<Contract['list-dead-letters'], unknown> =>
  async ({ query: { lane, size } }) => {
    const letters: DeadLetter[] = []
    for (const [service, store] of stores) {
      for (const letter of await store.deadLetters(lane, size)) {
        const { id, reason, detail, request, answer, letter: text } = letter
        const times = { enqueued_at: letter.enqueued_at.toISOString(), buried_at: letter.buried_at.toISOString() }
        letters.push({ service, id, lane, reason, detail, request, answer, letter: text, ...times })
      }
    }
    return { outcome: 'found', body: { letters: letters.slice(0, size) } }
  }

export const controlLane =
  (needs: Needs): Handler<Contract['control-lane'], unknown> =>
  async ({ body: { lane, action, dryRun, letters: ids } }) => {
    let letters = 0
    for (const [service, store] of needs.stores) {
      const concerned = await (action === 'replay' ? store.countDead(lane, ids) : store.countWaiting(lane))
      letters += concerned
      if (dryRun) continue
      await act(store, { lane, action, ids })
      if (action === 'pause' || action === 'resume' || action === 'replay') needs.wake({ service, lane })
    }
    if (!dryRun) {
      // Where others have the lane, this is how they hear of it.
      if (action === 'retry' || action === 'resume') await needs.retryNow(lane)
      needs.log.info({ lane, action, letters }, 'a lane was controlled by an operator')
    }
    return { outcome: 'done', body: { letters } }
  }

interface Act {
  readonly lane: string
  readonly action: Parameters<ReturnType<typeof controlLane>>[0]['body']['action']
  readonly ids: readonly string[] | undefined
}

const act = async (store: ControlStore, { lane, action, ids }: Act): Promise<unknown> => {
  switch (action) {
    case 'pause':
      return store.pause(lane)
    case 'resume':
      return store.resume(lane)
    case 'drain':
      return store.drain(lane)
    case 'replay':
      return store.replay(lane, ids)
    case 'retry':
      return undefined
    default:
      return action satisfies never
  }
}
