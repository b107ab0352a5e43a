/**
 * A value that is read seldom and asked for all the time: remembered until somebody says that it has changed. A reading
 * that a change overtakes is not remembered. The time limit is a net for a note that was lost.
 */
import type { Clock } from './clock.ts'

export interface Remembered<Value> {
  get(): Promise<Value>
  /** The next one who asks reads anew. */
  forget(): void
}

interface Options<Value> {
  readonly read: () => Promise<Value>
  readonly ttlMs: number
  readonly clock: Clock
}

export const remembered = <Value>({ read, ttlMs, clock }: Options<Value>): Remembered<Value> => {
  let known: { readonly value: Promise<Value>; readonly untilMs: number } | undefined
  const forget = (): void => {
    known = undefined
  }
  return {
    forget,
    get: () => {
      if (known && clock.monotonicMs() < known.untilMs) return known.value
      const reading = { value: read(), untilMs: clock.monotonicMs() + ttlMs }
      known = reading
      reading.value.catch(() => {
        if (known === reading) forget()
      })
      return reading.value
    },
  }
}
