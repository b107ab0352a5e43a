/** The lanes that are awake, and who keeps them: one process per lane, found out by a lock in the database. */
import { once } from 'node:events'
import type { Clock } from '#src/kit/clock.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import type { Database, Lock } from '#src/storage/database.ts'
import type { Delivery } from './delivery.ts'
import { createDoorbell, type Doorbell } from './doorbell.ts'
import { LOCK_RETRY_MS, STOP_TIMEOUT_MS } from './limits.ts'
import type { LaneNeeds } from './lane.ts'
import { drainLane } from './pusher.ts'

export interface LaneName {
  readonly service: string
  readonly lane: string
}

/** What a lane is made of, apart from its bells. */
export type LaneParts = Omit<LaneNeeds, 'service' | 'lane' | 'work' | 'heard' | 'clock' | 'log'> & {
  readonly delivery: Delivery
}

export interface Lanes extends AsyncDisposable {
  /** Something waits in it. */
  wake(name: LaneName): void
  /** A peer gave a sign of life: lanes to it that wait try at once. */
  heard(lane: string): void
  isAwake(lane: string): boolean
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
  readonly work: Doorbell
  readonly heard: Doorbell
  readonly done: Promise<void>
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
    const laneNeeds = { ...parts, ...bells, service, lane, clock, log }
    const fallAsleep = (): boolean => !bells.work.isRung && awake.delete(key)
    const done = tend(needs, laneNeeds, { stop: stop.signal, cutOff: cutOff.signal, fallAsleep }).catch(
      (error: unknown) => {
        // A fault of ours. The next note or sweep starts the lane anew.
        log.error({ err: error, service, lane }, 'a lane has failed')
        awake.delete(key)
      },
    )
    awake.set(key, { lane, ...bells, done })
  }

  return {
    wake: (name) => {
      const key = `${name.service} ${name.lane}`
      const present = awake.get(key)
      if (present) present.work.ring()
      else if (!stop.signal.aborted) start(key, name)
    },
    heard: (lane) => {
      for (const present of awake.values()) if (present.lane === lane) present.heard.ring()
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

interface Tending {
  readonly stop: AbortSignal
  readonly cutOff: AbortSignal
  /** True when the lane is over; false when something was enqueued meanwhile. */
  readonly fallAsleep: () => boolean
}

const tend = async (needs: Needs, lane: LaneNeeds, { stop, cutOff, fallAsleep }: Tending): Promise<void> => {
  const { clock, log, database } = needs
  const key = `lane ${lane.service} ${lane.lane}`
  while (!stop.aborted) {
    const lock = await database.tryLock(key)
    if (lock) {
      await drainUnder(lock, lane, { stop, cutOff })
      // The lock is free again before the lane is over, so that the next one finds it so.
      if (!stop.aborted && !lock.lost.aborted && fallAsleep()) return
    } else {
      // Somebody else has it. Should he die we take over.
      await clock.sleep(LOCK_RETRY_MS, stop).catch(ignoreAbort)
      if (!stop.aborted && (await isEmpty(lane, log)) && fallAsleep()) return
    }
  }
}

const drainUnder = async (
  lock: Lock,
  lane: LaneNeeds,
  { stop, cutOff }: Pick<Tending, 'stop' | 'cutOff'>,
): Promise<void> => {
  await using _held = lock
  await drainLane(lane, { stop, abandon: AbortSignal.any([lock.lost, cutOff]) })
}

const isEmpty = async ({ store, lane, work }: LaneNeeds, log: Log): Promise<boolean> => {
  try {
    // Heard: whatever rang is in the answer.
    if (work.isRung) await work.wait(0, NEVER)
    return (await store.head(lane)).length === 0
  } catch (error) {
    log.warn({ lane, reason: causeChain(error) }, 'a lane cannot be looked at')
    return false
  }
}

const NEVER = new AbortController().signal

// Being stopped while waiting is one of the ways in which a wait ends.
const ignoreAbort = (): void => {}
