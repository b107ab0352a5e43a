/**
 * Makes users found who were there before the search knew of them: after an update from a version that kept other texts, or
 * after rows came in by other ways than ours. Done in the background and in small transactions, because building an
 * index in a migration would hold up the start, for as long as there are users to go through. Until it has come to
 * somebody he is found by his exact handle only.
 */
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import { SEARCH_BATCH_PAUSE_MS, SEARCH_BATCH_USERS, SEARCH_RETRY_MS } from './limits.ts'
import { beginSearchProgress, writeNextSearchTexts } from './store-search-texts.ts'
import type { BrigDb } from './tables.ts'

interface Needs {
  readonly db: BrigDb
  readonly clock: Clock
  readonly log: Log
}

export interface SearchUpkeep extends AsyncDisposable {
  /** Resolves when all users can be found, or when it was stopped. */
  readonly done: Promise<void>
}

export const startSearchUpkeep = ({ db, clock, log }: Needs): SearchUpkeep => {
  const stopping = new AbortController()
  const { signal } = stopping
  const done = keepTrying({ db, clock, log }, signal)
  return {
    done,
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await done
    },
  }
}

const keepTrying = async (needs: Needs, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    try {
      await writeAll(needs, signal)
      return
    } catch (error) {
      if (signal.aborted) return
      needs.log.error({ err: error }, 'writing the index of the search; it goes on in a while')
      await pause(needs.clock, SEARCH_RETRY_MS, signal)
    }
  }
}

const writeAll = async ({ db, clock, log }: Needs, signal: AbortSignal): Promise<void> => {
  let { isComplete } = await beginSearchProgress(db)
  if (isComplete) return
  const startedMs = clock.monotonicMs()
  while (!isComplete && !signal.aborted) {
    const batchMs = clock.monotonicMs()
    ;({ isComplete } = await db.transaction().execute((tx) => writeNextSearchTexts(tx, SEARCH_BATCH_USERS)))
    // As long as it took, so that no more than half of what the database can do is taken from those who are served.
    const pauseMs = Math.max(SEARCH_BATCH_PAUSE_MS, clock.monotonicMs() - batchMs)
    if (!isComplete) await pause(clock, pauseMs, signal)
  }
  if (isComplete) log.info({ ms: Math.round(clock.monotonicMs() - startedMs) }, 'the index of the search is complete')
}

/** Ends early when stopped. */
const pause = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  await clock.sleep(ms, signal).catch(() => undefined)
}
