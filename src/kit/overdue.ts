/**
 * Finds those who have waited too long, with one timer for all of them: whoever moves goes to the end of the line, so
 * that only the first in line has to be looked at. Each knows his neighbours, because nearly all come and go at once, and
 * a set pays for that each time.
 */
import type { Clock } from './clock.ts'

/** All of it is kept by the line it stands in, which is one only. */
export interface Waiting<T> {
  /** When it moved last. */
  movedMs: number
  /** Who moved before it, and who after it. */
  ahead: T | undefined
  behind: T | undefined
}

export class Overdue<T extends Waiting<T>> implements Disposable {
  readonly #clock: Clock
  readonly #ms: number
  readonly #onOverdue: (waiting: T) => void
  #first: T | undefined
  #last: T | undefined
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
    this.#timer ??= this.#clock.after(this.#ms, () => this.#look())
    if (this.#last === waiting) return
    this.leave(waiting)
    waiting.ahead = this.#last
    if (this.#last) this.#last.behind = waiting
    else this.#first = waiting
    this.#last = waiting
  }

  /** Also for who is not in line. */
  leave(waiting: T): void {
    const { ahead, behind } = waiting
    if (ahead) ahead.behind = behind
    else if (this.#first === waiting) this.#first = behind
    if (behind) behind.ahead = ahead
    else if (this.#last === waiting) this.#last = ahead
    waiting.ahead = undefined
    waiting.behind = undefined
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#first = undefined
    this.#last = undefined
  }

  #look(): void {
    this.#timer = undefined
    const nowMs = this.#clock.monotonicMs()
    for (let first = this.#first; first; first = this.#first) {
      const leftMs = first.movedMs + this.#ms - nowMs
      if (leftMs > 0) {
        this.#timer = this.#clock.after(leftMs, () => this.#look())
        return
      }
      this.leave(first)
      this.#onOverdue(first)
    }
  }
}
