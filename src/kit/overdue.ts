/**
 * Finds those who have waited too long, with one timer for all of them: whoever moves goes to the end of the line, so
 * that only the first in line has to be looked at.
 */
import type { Clock } from './clock.ts'

export interface Waiting {
  /** When it moved last; kept by the line it stands in. */
  movedMs: number
}

export class Overdue<T extends Waiting> implements Disposable {
  readonly #clock: Clock
  readonly #ms: number
  readonly #onOverdue: (waiting: T) => void
  readonly #line = new Set<T>()
  #timer: Disposable | undefined

  /** `onOverdue` is called once for each that stood still for `ms`, and no longer waits then. */
  constructor(clock: Clock, ms: number, onOverdue: (waiting: T) => void) {
    this.#clock = clock
    this.#ms = ms
    this.#onOverdue = onOverdue
  }

  /** Its time begins now, perhaps again. */
  moved(waiting: T): void {
    waiting.movedMs = this.#clock.monotonicMs()
    this.#line.delete(waiting)
    this.#line.add(waiting)
    this.#timer ??= this.#clock.after(this.#ms, () => this.#look())
  }

  leave(waiting: T): void {
    this.#line.delete(waiting)
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#line.clear()
  }

  #look(): void {
    this.#timer = undefined
    const nowMs = this.#clock.monotonicMs()
    for (const first of this.#line) {
      const leftMs = first.movedMs + this.#ms - nowMs
      if (leftMs > 0) {
        this.#timer = this.#clock.after(leftMs, () => this.#look())
        return
      }
      this.#line.delete(first)
      this.#onOverdue(first)
    }
  }
}
