import { onAbort } from '#src/kit/abort.ts'
import type { Clock } from '#src/kit/clock.ts'

export interface Doorbell {
  /** Heard by who waits, or by who waits next. */
  ring(): void
  /** Whether it was rung since somebody last heard it. */
  readonly isRung: boolean
  /** Whether it was; from then on it counts as heard. */
  take(): boolean
  /** Also called when it rings, for who waits for several things. Nobody hears it by that. */
  onRing: (() => void) | undefined
  /** Until it rings, the time is over if there is one, or the signal is aborted. */
  wait(ms?: number, signal?: AbortSignal): Promise<'rung' | 'elapsed' | 'aborted'>
}

export const createDoorbell = (clock: Clock): Doorbell => {
  let isRung = false
  let answer: (() => void) | undefined
  const bell: Doorbell = {
    onRing: undefined,
    ring: () => {
      isRung = true
      answer?.()
      bell.onRing?.()
    },
    take: () => {
      const wasRung = isRung
      isRung = false
      return wasRung
    },
    get isRung() {
      return isRung
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const settle = (result: 'rung' | 'elapsed' | 'aborted'): void => {
          timer?.[Symbol.dispose]()
          stopListening?.()
          answer = undefined
          if (result === 'rung') isRung = false
          resolve(result)
        }
        const timer = ms === undefined ? undefined : clock.after(ms, () => settle('elapsed'))
        const stopListening = signal && onAbort(signal, () => settle('aborted'))
        answer = () => settle('rung')
        if (signal?.aborted) settle('aborted')
        else if (isRung) settle('rung')
      }),
  }
  return bell
}
