/**
 * Whether this process knows of every row that an outbox was given since a certain moment, so that what it writes itself
 * may go to its lanes without being read (docs/decisions/handing-over.md).
 *
 * The ids of an outbox are numbers of one sequence, which gives each number once and none back. Statements of ours whose
 * ids follow each other without a gap are therefore all that was written: not by others, not by transactions that are
 * still open or were rolled back. A gap begins a new era, in which nothing is handed over until all who may have a number
 * from before it are done. From then on a reading shows all that such numbers stand for.
 */
import type { Clock } from '#src/kit/clock.ts'
import { causeChain } from '#src/kit/errors.ts'
import type { Log } from '#src/kit/log.ts'
import { SETTLING_INTERVAL_MS, SETTLING_RETRY_MAX_MS, SETTLING_RETRY_MIN_MS } from './limits.ts'
import type { Horizon } from './outbox-store.ts'

/** A span of time in which nothing was written but what this process knows of. */
export type Era = number

/** All that one statement wrote: how many rows, and the least and the greatest id of them. */
export interface WrittenIds {
  readonly first: number
  readonly last: number
  readonly count: number
}

export interface Continuity extends AsyncDisposable {
  /** A reading that begins now shows all that was written before this era; undefined while that is not so. */
  settledEra(): Era | undefined
  /** The era whose next rows these are; undefined when they begin one, or when it is not settled. */
  follow(ids: WrittenIds): Era | undefined
}

interface Needs {
  readonly horizon: () => Promise<Horizon>
  readonly clock: Clock
  readonly log: Log
}

export const createContinuity = (needs: Needs): Continuity => {
  const settling = new Settling(needs)
  let last = Number.NaN
  return {
    settledEra: () => settling.settled,
    follow: (ids) => {
      const isUnbroken = ids.first === last + 1 && ids.last - ids.first + 1 === ids.count
      last = ids.last
      if (!isUnbroken) settling.begin()
      return settling.settled
    },
    [Symbol.asyncDispose]: () => settling.end(),
  }
}

class Settling {
  readonly #needs: Needs
  readonly #stop = new AbortController()
  #era: Era = 0
  #running: Promise<void> | undefined
  #notBeforeMs = Number.NEGATIVE_INFINITY
  /** The present era, once that is so. */
  settled: Era | undefined

  constructor(needs: Needs) {
    this.#needs = needs
  }

  begin(): void {
    this.#era += 1
    this.settled = undefined
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async end(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#needs
    while (this.settled === undefined && !this.#stop.signal.aborted) {
      // Where others write all the time there is no end to gaps, and looking must not cost more than it could save.
      await this.#sleep(this.#notBeforeMs - clock.monotonicMs())
      this.#notBeforeMs = clock.monotonicMs() + SETTLING_INTERVAL_MS
      try {
        await this.#settle(this.#era)
      } catch (error) {
        // Until it works everything is read.
        log.warn({ reason: causeChain(error) }, 'an outbox does not say who writes into it')
        await this.#sleep(SETTLING_RETRY_MAX_MS)
      }
    }
  }

  /** Whoever took a number before now has a transaction that is older than the next one. */
  async #settle(era: Era): Promise<void> {
    const { horizon } = this.#needs
    const isOver = (): boolean => this.#era !== era || this.#stop.signal.aborted
    if (isOver()) return
    let seen = await horizon()
    const until = seen.next
    let waitMs = SETTLING_RETRY_MIN_MS
    while (!isOver() && seen.oldest < until) {
      await this.#sleep(waitMs)
      waitMs = Math.min(waitMs * 2, SETTLING_RETRY_MAX_MS)
      if (!isOver()) seen = await horizon()
    }
    if (!isOver()) this.settled = era
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await this.#needs.clock.sleep(ms, this.#stop.signal).catch(ignoreAbort)
  }
}

// Being stopped while waiting is one of the ways in which a wait ends.
const ignoreAbort = (): void => {}
