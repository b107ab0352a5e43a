/** Work that comes again by the clock: what has expired is taken away, what was left half done is ended. */
import type { Clock } from './clock.ts'
import { causeChain } from './errors.ts'
import type { Log } from './log.ts'

export interface Upkeep {
  /** Ends soon after the signal is aborted, at a point where nothing is half done. */
  readonly work: (stopping: AbortSignal) => Promise<void>
  /** From the end of one run to the beginning of the next. */
  readonly everyMs: number
  /** For the log, when it fails: "sweeping assets". */
  readonly what: string
}

/** Begins at once. A run that fails is told to the log, and the next one tries again. Stops when disposed, after the run in progress. */
export const keepUp = (
  { work, everyMs, what }: Upkeep,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): AsyncDisposable => {
  const stopping = new AbortController()
  const { signal } = stopping
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await work(signal).catch((error: unknown) => log.warn({ reason: causeChain(error) }, what))
      // Being stopped while waiting is one of the ways in which a wait ends.
      await clock.sleep(everyMs, signal).catch(() => undefined)
    }
  }
  const running = run()
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await running
    },
  }
}
