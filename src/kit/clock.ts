/** Time as a parameter: nothing outside `kit/` reads the system's clock or sets a timer. */
import { setTimeout as sleepFor } from 'node:timers/promises'

export interface Clock {
  now(): Date
  /** Milliseconds from an arbitrary start, never going back; for measuring. */
  monotonicMs(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `action` once after `ms` unless disposed before. Does not keep the process alive. */
  after(ms: number, action: () => void): Disposable
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleepFor(ms, undefined, signal ? { signal } : {})
  },
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

export interface TestClock extends Clock {
  /** Moves time and runs everything that became due, in order of its time. */
  advance(ms: number): Promise<void>
  /** As after a machine's sleep: everything that became due meanwhile runs once, and late. */
  jump(ms: number): Promise<void>
}

/** A clock that stands still until told to move. */
export const testClock = (start = new Date('2026-01-01T00:00:00.000Z')): TestClock => {
  let elapsedMs = 0
  const due: { at: number; action: () => void }[] = []
  const after = (ms: number, action: () => void): Disposable => {
    const entry = { at: elapsedMs + ms, action }
    due.push(entry)
    return {
      [Symbol.dispose]: () => {
        const index = due.indexOf(entry)
        if (index >= 0) due.splice(index, 1)
      },
    }
  }
  const runUntil = async (end: number): Promise<void> => {
    for (;;) {
      const next = due.filter((entry) => entry.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (!next) break
      due.splice(due.indexOf(next), 1)
      elapsedMs = Math.max(elapsedMs, next.at)
      next.action()
      // Let what was waiting for this moment run before the next one comes.
      await new Promise((resolve) => setImmediate(resolve))
    }
    elapsedMs = end
    await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const timer = after(ms, resolve)
        signal?.addEventListener('abort', () => {
          timer[Symbol.dispose]()
          reject(signal.reason)
        })
      }),
    advance: async (ms) => {
      await runUntil(elapsedMs + ms)
    },
    jump: async (ms) => {
      elapsedMs += ms
      await runUntil(elapsedMs)
    },
  }
}
