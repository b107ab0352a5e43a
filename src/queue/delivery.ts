import type { Verdict } from './classify.ts'
import type { StoredLetter } from './outbox-store.ts'

/** How the letters of a lane reach their receiver: one after the other, or several at the same time. */
export type Delivery = InTurn | AtOnce

export interface AtOnce {
  /** Makes one attempt. Never throws: that nobody answered is a verdict. */
  send(letter: StoredLetter, signal: AbortSignal): Promise<Verdict>
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
