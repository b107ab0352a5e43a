import type { Untried, Verdict } from './classify.ts'
import type { StoredLetter } from './outbox-store.ts'

/** How the letters of a lane reach their receiver: one after the other, or several at the same time. */
export type Delivery = InTurn | AtOnce

export interface AtOnce {
  /** How many letters one request carries, as far as is known of the receiver by now; at least one. */
  readonly carries: number
  /**
   * Makes one attempt with some letters, in their order, and says what became of each: what comes after one that failed
   * for now was not handled. Never throws: that nobody answered is a verdict.
   */
  send(letters: readonly StoredLetter[], signal: AbortSignal): Promise<readonly (Verdict | Untried)[]>
}

export interface InTurn {
  /**
   * Makes one attempt with the first letters of a non-empty list, and says of how many the verdict is. Never throws:
   * that nobody answered is a verdict.
   */
  attempt(letters: readonly StoredLetter[], signal: AbortSignal): Promise<Attempted>
}

export interface Attempted {
  readonly count: number
  readonly verdict: Verdict
}

/** A row that we cannot read ourselves: nobody else could, ever. */
export const undecodable = (detail: string): Verdict => ({ verdict: 'undeliverable', reason: 'undecodable', detail })
