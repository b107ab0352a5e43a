/** Ctrl-C and its kin: the first asks to stop, another one insists. */
import { SAME_INTERRUPT_MS } from './limits.ts'
import type { Clock } from '#src/kit/clock.ts'

export interface Interrupts extends Disposable {
  readonly isInterrupted: boolean
  /** Resolves at the first interrupt. */
  readonly interrupted: Promise<void>
}

/** Throws where the work should not go on after an interrupt. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
    this.name = 'Interrupted'
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function listenForInterrupts(clock: Clock, insist: () => void): Interrupts {
  const { promise, resolve } = Promise.withResolvers<void>()
  let firstAtMs: number | undefined
  const onSignal = (): void => {
    if (firstAtMs === undefined) {
      firstAtMs = clock.monotonicMs()
      return resolve()
    }
    // The terminal tells every process of `npm start`, and npm passes on what it was told: one Ctrl-C comes twice.
    if (clock.monotonicMs() - firstAtMs > SAME_INTERRUPT_MS) insist()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    interrupted: promise,
    get isInterrupted() {
      return firstAtMs !== undefined
    },
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
