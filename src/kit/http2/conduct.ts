/** How the other end of a connection behaves, and when that is enough. */
import type { Clock } from '../clock.ts'
import { Budget, type BudgetSize } from './budget.ts'
import { ConnectionFault } from './errors.ts'
import { CODE } from './protocol.ts'
import { ResetMemory } from './reset-memory.ts'

export interface ConductOptions {
  readonly clock: Clock
  readonly idleFrames: BudgetSize
  readonly resets: BudgetSize
}

export class Conduct {
  readonly #idleFrames: Budget
  readonly #resets: Budget
  readonly #resetByUs = new ResetMemory()

  constructor({ clock, idleFrames, resets }: ConductOptions) {
    this.#idleFrames = new Budget(idleFrames, clock)
    this.#resets = new Budget(resets, clock)
  }

  /** For a frame that does no good. */
  waste(): void {
    if (!this.#idleFrames.spend()) throw new ConnectionFault(CODE.enhanceYourCalm, 'too many frames that say nothing')
  }

  /** For a frame of data, which may open two windows. */
  useful(): void {
    this.#idleFrames.earn(2)
  }

  /** For an exchange that the other end broke off, or made us break off. */
  countReset(): void {
    if (!this.#resets.spend()) throw new ConnectionFault(CODE.enhanceYourCalm, 'too many exchanges are broken off')
  }

  /** We have reset a stream, which the other end may not know yet. */
  hasReset(streamId: number): void {
    this.#resetByUs.add(streamId)
  }

  /** A frame on a stream that is not open: sent before a reset was heard of, or against the rules (RFC 9113 §5.1). */
  late(streamId: number, wasOpened: boolean): void {
    if (!wasOpened) throw neverOpened()
    if (!this.#resetByUs.has(streamId)) throw new ConnectionFault(CODE.streamClosed, 'a stream that has ended')
    this.waste()
  }
}

export const neverOpened = (): ConnectionFault =>
  new ConnectionFault(CODE.protocolError, 'a stream that was never opened')
