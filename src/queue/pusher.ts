/**
 * One lane: read the oldest rows, send, acknowledge, read on, and wait when that fails. A row is deleted only after the
 * receiver's answer, so what happens between the two is sent again: receivers are idempotent. To our own parts strictly
 * in order, one attempt at a time; to other backends as `pipeline.ts` says.
 */
import { causeChain } from '#src/kit/errors.ts'
import type { Attempted, InTurn } from './delivery.ts'
import { bury, type LaneNeeds, type LaneSignals, type Progress } from './lane.ts'
import { HEARD_INTERVAL_MS, LANE_IDLE_MS, RETRY_MAX_MS } from './limits.ts'
import type { StoredLetter } from './outbox-store.ts'
import { createPipeline, type Push } from './pipeline.ts'
import { retryDelayMs } from './retry.ts'

/** Returns when the lane has been empty for a while, or was told to stop. */
export const drainLane = async (needs: LaneNeeds, { stop, abandon }: LaneSignals): Promise<'idle' | 'stopped'> => {
  const ended = AbortSignal.any([stop, abandon])
  const push = pushBy(needs)
  let failures = 0
  while (!ended.aborted) {
    const progress = await push({ stop: ended, abandon })
    // The interval is that of one letter: whatever was settled before it starts a new count (§9).
    if (progress.settled > 0) failures = 0
    if (progress.state === 'empty') {
      if ((await waitForWork(needs, progress.retryInMs, ended)) === 'idle') return 'idle'
      continue
    }
    if (progress.state === 'settled') continue
    failures += 1
    const delayMs = delayOf(needs, progress.patience, failures)
    reportFailure(needs, { failures, delayMs, reason: progress.reason })
    await waitOut(needs, delayMs, ended)
  }
  return 'stopped'
}

const pushBy = (needs: LaneNeeds): Push => {
  const { delivery, inlet } = needs
  if ('send' in delivery) return createPipeline(needs, delivery)
  // As much as the inlet takes.
  inlet.open(() => true)
  return (signals) => pushHead({ ...needs, delivery }, signals)
}

const waitForWork = async (
  { work, heard }: LaneNeeds,
  retryInMs: number | undefined,
  ended: AbortSignal,
): Promise<'idle' | 'go on'> => {
  // A sign of life lets go what waits by itself, too.
  if (retryInMs !== undefined) heard.onRing = () => work.ring()
  const ending = await work.wait(Math.min(retryInMs ?? LANE_IDLE_MS, LANE_IDLE_MS), ended)
  heard.onRing = undefined
  return ending === 'elapsed' && retryInMs === undefined ? 'idle' : 'go on'
}

// What is in memory is forgotten with the first failure and read again after it: a lane that waits holds nothing, and
// sees what was done to its rows meanwhile.
const pushHead = async (
  needs: LaneNeeds & { readonly delivery: InTurn },
  { stop, abandon }: LaneSignals,
): Promise<Progress> => {
  const { delivery, inlet, tally } = needs
  let settled = 0
  try {
    let letters = inlet.isUnread ? await read(needs) : inlet.take()
    while (letters.length > 0 && !stop.aborted) {
      const attempted = await delivery.attempt(letters, abandon)
      const { verdict, count } = attempted
      if (verdict.verdict === 'retry') {
        inlet.forget()
        // Cut off by us, which says nothing about the receiver.
        if (abandon.aborted) return { state: 'settled', settled }
        tally.count(needs, 'retried')
        return { state: 'failed', settled, ...verdict }
      }
      await settle(needs, letters.slice(0, count), attempted)
      settled += count
      letters = letters.length > count ? letters.slice(count) : inlet.take()
    }
    return inlet.hasMore || letters.length > 0 ? { state: 'settled', settled } : { state: 'empty', settled }
  } catch (error) {
    inlet.forget()
    // The database: attempts themselves do not throw. Rows are where they were.
    return { state: 'failed', settled, reason: causeChain(error) }
  }
}

const read = async ({ store, lane, inlet }: LaneNeeds): Promise<readonly StoredLetter[]> => {
  inlet.beginReading()
  const head = await store.head(lane)
  inlet.endReading(head)
  return head.letters
}

const settle = async (needs: LaneNeeds, letters: readonly StoredLetter[], { verdict }: Attempted): Promise<void> => {
  const { store, tally, onSettled } = needs
  const ids = letters.map(({ id }) => id)
  if (verdict.verdict === 'delivered') {
    await store.acknowledge(ids)
    tally.count(needs, 'pushed', ids.length)
  } else if (verdict.verdict === 'undeliverable') {
    for (const id of ids) await bury(needs, id, verdict)
  }
  onSettled?.()
}

const delayOf = (
  { random, retryMaxMs: maxMs = RETRY_MAX_MS }: LaneNeeds,
  patience: string | undefined,
  failures: number,
): number => (patience === 'longest' ? maxMs : retryDelayMs({ failures, unit: random.unit(), maxMs }))

/** New rows do not shorten it, or a busy lane would knock at a dead peer with every row. A sign of life does. */
const waitOut = async ({ heard, clock }: LaneNeeds, delayMs: number, ended: AbortSignal): Promise<void> => {
  const atLeastMs = Math.min(HEARD_INTERVAL_MS, delayMs)
  const start = clock.monotonicMs()
  if ((await heard.wait(delayMs, ended)) !== 'rung') return
  const restMs = atLeastMs - (clock.monotonicMs() - start)
  if (restMs > 0) await clock.sleep(restMs, ended).catch(ignoreAbort)
}

// Being stopped while waiting is one of the ways in which a wait ends.
const ignoreAbort = (): void => {}

interface Failure {
  readonly failures: number
  readonly delayMs: number
  readonly reason: string
}

/** The first one in a row is news. */
const reportFailure = ({ log, service, lane }: LaneNeeds, { failures, delayMs, reason }: Failure): void => {
  const fields = { service, lane, failures, delayMs: Math.round(delayMs), reason }
  if (failures === 1) log.warn(fields, 'not delivered; trying again')
  else log.debug(fields, 'still not delivered')
}
