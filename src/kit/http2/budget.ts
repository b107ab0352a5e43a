/**
 * How much of what does no good somebody may send: so much at once, and so much more per second. The clock is only
 * looked at when it would be refused, because nearly nobody ever comes that far.
 */
import type { Clock } from '../clock.ts'

export interface BudgetSize {
  readonly burst: number
  readonly perSecond: number
}

export class Budget {
  readonly #size: BudgetSize
  readonly #clock: Clock
  #left: number
  #filledMs: number

  constructor(size: BudgetSize, clock: Clock) {
    this.#size = size
    this.#clock = clock
    this.#left = size.burst
    this.#filledMs = clock.monotonicMs()
  }

  /** False when there is nothing left. */
  spend(): boolean {
    if (this.#left < 1) this.#refill()
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }

  /** For what does good and has what does none in its train. */
  earn(count: number): void {
    this.#left = Math.min(this.#size.burst, this.#left + count)
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#left = Math.min(this.#size.burst, this.#left + ((nowMs - this.#filledMs) / 1000) * this.#size.perSecond)
    this.#filledMs = nowMs
  }
}
