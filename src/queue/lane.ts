/** What a lane is made of, and what may become of it and of its rows. */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import type { Verdict } from './classify.ts'
import type { Delivery } from './delivery.ts'
import type { Doorbell } from './doorbell.ts'
import type { Inlet } from './inlet.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { Tally } from './tally.ts'

export interface LaneNeeds {
  readonly service: string
  readonly lane: string
  readonly store: OutboxStore
  readonly delivery: Delivery
  /** What is to be sent. */
  readonly inlet: Inlet
  /** There is something in the inlet. */
  readonly work: Doorbell
  /** The receiver gave a sign of life. */
  readonly heard: Doorbell
  readonly retryMaxMs?: number
  readonly acknowledgingDelayMs?: number | undefined
  /** Rows have left the lane. */
  readonly onSettled?: () => void
  readonly tally: Tally
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface LaneSignals {
  /** No new attempt; the one in progress is finished. */
  readonly stop: AbortSignal
  /** Somebody else may have the lane now, or our time is over: the attempt in progress is cut off. */
  readonly abandon: AbortSignal
}

export type Progress =
  /** Nothing is left that may go now; something may after that time. */
  | { readonly state: 'empty'; readonly settled: number; readonly retryInMs?: number }
  /** There may be more. */
  | { readonly state: 'settled'; readonly settled: number }
  | { readonly state: 'failed'; readonly settled: number; readonly reason: string; readonly patience?: 'longest' }

type Burying = Pick<LaneNeeds, 'store' | 'tally' | 'service' | 'lane' | 'log'>

export const bury = async (
  { store, tally, service, lane, log }: Burying,
  id: string,
  verdict: Extract<Verdict, { verdict: 'undeliverable' }>,
): Promise<void> => {
  const { verdict: _, ...grave } = verdict
  const { reason } = grave
  await store.bury(id, grave)
  tally.count({ service, lane }, 'buried')
  log.error({ service, lane, id, reason }, 'given up: kept as a dead letter')
}
