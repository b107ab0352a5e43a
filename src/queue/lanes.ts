/** The lanes that are awake, and who keeps them: one process per lane, found out by a lock in the database. */
import { once } from 'node:events'
import type { Clock } from '#src/kit/clock.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import type { Database, Lock } from '#src/storage/database.ts'
import type { Era } from './continuity.ts'
import type { Delivery } from './delivery.ts'
import { createDoorbell, type Doorbell } from './doorbell.ts'
import { Inlet } from './inlet.ts'
import { LOCK_RETRY_MS, STOP_TIMEOUT_MS, TELLING_INTERVAL_MS } from './limits.ts'
import type { LaneNeeds } from './lane.ts'
import type { LaneName } from './outbox-bell.ts'
import type { StoredLetter } from './outbox-store.ts'
import { drainLane } from './pusher.ts'

/** What a lane is made of, apart from its bells. */
export type LaneParts = Omit<LaneNeeds, 'service' | 'lane' | 'inlet' | 'work' | 'heard' | 'clock' | 'log'> & {
  readonly delivery: Delivery
  /** Of its outbox (`continuity.ts`). */
  readonly settledEra: () => Era | undefined
}

export interface Lanes extends AsyncDisposable {
  /** Something waits in it. */
  wake(name: LaneName): void
  /** These were written in this era, and are committed. False when it does not take them: then it is to be woken. */
  give(name: LaneName, letters: readonly StoredLetter[], era: Era): boolean
  /** A peer gave a sign of life: lanes to it that wait try at once. */
  heard(lane: string): void
  isAwake(lane: string): boolean
  /** Whether it is drained here. */
  isHeld(name: LaneName): boolean
  /** Whether it is drained here and others have heard of it a moment ago. Who is told no is to tell them. */
  isHere(name: LaneName): boolean
}

interface Needs {
  readonly database: Pick<Database, 'tryLock'>
  /** Undefined when no such lane can be. */
  readonly partsOf: (name: LaneName) => LaneParts | undefined
  readonly clock: Clock
  readonly log: Log
}

interface AwakeLane {
  readonly lane: string
  readonly inlet: Inlet
  readonly work: Doorbell
  readonly heard: Doorbell
  readonly done: Promise<void>
  /** Its lock is ours. */
  isHeld: boolean
  toldMs: number
}

export const createLanes = (needs: Needs): Lanes => {
  const { clock, log, partsOf } = needs
  const awake = new Map<string, AwakeLane>()
  const stop = new AbortController()
  const cutOff = new AbortController()

  const start = (key: string, { service, lane }: LaneName): void => {
    const parts = partsOf({ service, lane })
    if (!parts) return log.error({ service, lane }, 'a row for nobody that can be')
    const bells = { work: createDoorbell(clock), heard: createDoorbell(clock) }
    const inlet = new Inlet(parts.settledEra)
    const laneNeeds = { ...parts, ...bells, inlet, service, lane, clock, log }
    const fallAsleep = (): boolean => !bells.work.isRung && awake.delete(key)
    const onHeld = (isHeld: boolean): void => {
      const present = awake.get(key)
      if (present) present.isHeld = isHeld
    }
    const done = tend(needs, laneNeeds, { stop: stop.signal, cutOff: cutOff.signal, fallAsleep, onHeld }).catch(
      (error: unknown) => {
        // A fault of ours. The next note or sweep starts the lane anew.
        log.error({ err: error, service, lane }, 'a lane has failed')
        awake.delete(key)
      },
    )
    awake.set(key, { lane, inlet, ...bells, done, isHeld: false, toldMs: Number.NEGATIVE_INFINITY })
  }

  return {
    wake: (name) => {
      const key = `${name.service} ${name.lane}`
      const present = awake.get(key)
      if (present) ring(present)
      else if (!stop.signal.aborted) start(key, name)
    },
    give: ({ service, lane }, letters, era) => {
      const present = awake.get(`${service} ${lane}`)
      return present?.isHeld === true && !stop.signal.aborted && handOver(present, letters, era)
    },
    heard: (lane) => {
      for (const present of awake.values()) if (present.lane === lane) present.heard.ring()
    },
    isHeld: ({ service, lane }) => awake.get(`${service} ${lane}`)?.isHeld === true,
    isHere: ({ service, lane }) => {
      const present = awake.get(`${service} ${lane}`)
      if (!present?.isHeld || stop.signal.aborted) return false
      const nowMs = clock.monotonicMs()
      if (nowMs - present.toldMs < TELLING_INTERVAL_MS) return true
      present.toldMs = nowMs
      return false
    },
    isAwake: (lane) => awake.values().some((present) => present.lane === lane),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      using _deadline = clock.after(STOP_TIMEOUT_MS, () => cutOff.abort(new Error('stopping took too long')))
      // Not even an attempt that does not heed being cut off may keep us.
      await Promise.race([Promise.all([...awake.values()].map(({ done }) => done)), once(cutOff.signal, 'abort')])
    },
  }
}

const ring = ({ inlet, work }: AwakeLane): void => {
  inlet.ring()
  work.ring()
}

const handOver = ({ inlet, work }: AwakeLane, letters: readonly StoredLetter[], era: Era): boolean => {
  const isTaken = inlet.give(letters, era)
  if (isTaken) work.ring()
  return isTaken
}

interface Tending {
  readonly stop: AbortSignal
  readonly cutOff: AbortSignal
  /** True when the lane is over; false when something was enqueued meanwhile. */
  readonly fallAsleep: () => boolean
  readonly onHeld: (isHeld: boolean) => void
}

const tend = async (needs: Needs, lane: LaneNeeds, tending: Tending): Promise<void> => {
  const { stop, fallAsleep } = tending
  const { clock, log, database } = needs
  const key = `lane ${lane.service} ${lane.lane}`
  while (!stop.aborted) {
    const lock = await database.tryLock(key)
    if (lock) {
      await drainUnder(lock, lane, tending)
      // The lock is free again before the lane is over, so that the next one finds it so.
      if (!stop.aborted && !lock.lost.aborted && fallAsleep()) return
    } else {
      // Somebody else has it. Should he die we take over.
      await clock.sleep(LOCK_RETRY_MS, stop).catch(ignoreAbort)
      if (!stop.aborted && (await isEmpty(lane, log)) && fallAsleep()) return
    }
  }
}

const drainUnder = async (lock: Lock, lane: LaneNeeds, { stop, cutOff, onHeld }: Tending): Promise<void> => {
  await using _held = lock
  const onLost = (): void => onHeld(false)
  lock.lost.addEventListener('abort', onLost)
  onHeld(!lock.lost.aborted)
  try {
    await drainLane(lane, { stop, abandon: AbortSignal.any([lock.lost, cutOff]) })
  } finally {
    // What was handed over and not begun is read by who has the lane next.
    lane.inlet.close()
    onHeld(false)
    lock.lost.removeEventListener('abort', onLost)
  }
}

const isEmpty = async ({ store, lane, work }: LaneNeeds, log: Log): Promise<boolean> => {
  try {
    // Heard: whatever rang is in the answer.
    if (work.isRung) await work.wait(0)
    return (await store.head(lane)).letters.length === 0
  } catch (error) {
    log.warn({ lane, reason: causeChain(error) }, 'a lane cannot be looked at')
    return false
  }
}

// Being stopped while waiting is one of the ways in which a wait ends.
const ignoreAbort = (): void => {}
