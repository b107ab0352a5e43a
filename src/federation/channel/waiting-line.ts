/** Those who wait for room on a peer's sessions: first come, first served, bounded in number and time. */
import type { Clock } from '#src/kit/clock.ts'
import { WAITING_PER_TARGET_MAX } from '../limits.ts'
import { PeerFailure } from './peer-failure.ts'

export interface WaitingLine {
  readonly isEmpty: boolean
  readonly length: number
  /** Resolves when it is worth looking again. */
  wait(signal: AbortSignal | undefined): Promise<void>
  wake(count: number): void
}

export const createWaitingLine = (clock: Clock, timeoutMs: number): WaitingLine => {
  const line = new Set<() => void>()

  const join = (signal: AbortSignal | undefined, { resolve, reject }: PromiseWithResolvers<void>): void => {
    const leave = (): void => {
      line.delete(goOn)
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', giveUp)
    }
    const goOn = (): void => {
      leave()
      resolve()
    }
    const giveUp = (): void => {
      leave()
      reject(signal?.reason)
    }
    const timer = clock.after(timeoutMs, () => {
      leave()
      reject(new PeerFailure('http', 'the peer left no room for the request'))
    })
    signal?.addEventListener('abort', giveUp, { once: true })
    line.add(goOn)
  }

  return {
    get isEmpty() {
      return line.size === 0
    },
    get length() {
      return line.size
    },
    wait: async (signal) => {
      if (line.size >= WAITING_PER_TARGET_MAX) throw new PeerFailure('http', 'too many requests wait for this peer')
      const place = Promise.withResolvers<void>()
      join(signal, place)
      await place.promise
    },
    wake: (count) => {
      for (const goOn of [...line].slice(0, Math.max(0, count))) goOn()
    },
  }
}
