/**
 * Forgetting who was promised to be told before devices change, when nothing that he was promised counts any more; and
 * letting those rest who did not answer (docs/decisions/device-promises.md).
 *
 * In two steps with a promise's time in between, which is measured and not compared with anything that was written
 * down: who asks meanwhile stays, and who does not holds no promise any more.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { DEVICE_CHANGE_MS_MAX, PROMISE_OVER_MS, WATCHER_REST_MS, WATCHERS_KEPT_MS } from './limits.ts'
import {
  beginToForget,
  deleteChangesBefore,
  forgetRested,
  forgetWatchers,
  hasWatchersOrChanges,
  letRest,
} from './store-device-promises.ts'
import type { BrigDb } from './tables.ts'

export interface WatcherUpkeep extends AsyncDisposable {
  /** There may be something to forget, soon. */
  due(): void
  /** It did not answer in time: it gets no promises for a while, so that it cannot hold up the next change. */
  rest(watcher: Domain): Promise<void>
}

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const watcherUpkeep = (needs: Needs): WatcherUpkeep => {
  const { db, clock, random, log } = needs
  const stopping = new AbortController()
  const { signal } = stopping
  const underWay = new Set<Promise<void>>()
  let isDue = false

  const start = (work: () => Promise<unknown>): void => {
    const working = work()
      // The next round does what is left.
      .catch((error: unknown) => log.warn({ reason: causeChain(error) }, 'forgetting who watches devices'))
      .then(() => void underWay.delete(working))
    underWay.add(working)
  }

  const rounds = async (): Promise<void> => {
    try {
      while (await hasPassed(clock, WATCHERS_KEPT_MS, signal)) {
        await forgetThoseWhoLeft(needs, signal)
        if (!(await hasWatchersOrChanges(db))) return
      }
    } finally {
      isDue = false
    }
  }

  return {
    due: () => {
      if (isDue || signal.aborted) return
      isDue = true
      start(rounds)
    },
    rest: async (watcher) => {
      const now = clock.now()
      const round = random.uuid()
      const until = new Date(now.getTime() + WATCHER_REST_MS)
      if (!(await letRest(db, watcher, { round, now, until }))) return
      log.warn({ watcher }, 'it did not answer in time that devices change, and is promised nothing for a while')
      start(async () => {
        if (await hasPassed(clock, PROMISE_OVER_MS, signal)) await forgetWatchers(db, round)
      })
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await Promise.all(underWay)
    },
  }
}

const forgetThoseWhoLeft = async ({ db, clock, random }: Needs, stopping: AbortSignal): Promise<void> => {
  await deleteChangesBefore(db, new Date(clock.now().getTime() - DEVICE_CHANGE_MS_MAX))
  const round = random.uuid()
  await beginToForget(db, round)
  if (!(await hasPassed(clock, PROMISE_OVER_MS, stopping))) return
  await forgetWatchers(db, round)
  await forgetRested(db, clock.now())
}

/** False when it was cut short. */
const hasPassed = (clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> =>
  clock.sleep(ms, signal).then(
    () => true,
    () => false,
  )
