/**
 * Letters that a peer fails while it takes others. Each waits by itself, longer each time, together with all that must
 * come after it; the rest of the lane goes on. So whatever is wrong with one conversation, or with one message of it,
 * holds up no other.
 */
import type { Clock } from '#src/kit/clock.ts'
import type { Random } from '#src/kit/random.ts'
import { PARKED_LETTERS_MAX, RETRY_MAX_MS } from './limits.ts'
import type { StoredLetter } from './outbox-store.ts'
import { retryDelayMs } from './retry.ts'

export interface Parking {
  /** How long it waits, or undefined when there is no place: then it is the lane that has to wait. */
  park(letter: StoredLetter): number | undefined
  /** It is no longer in the lane. */
  leave(id: string): void
  /** Nobody waits any longer. */
  release(): void
  /** The lane is about to be read: whose time is over is found in it, or is no longer there. */
  resume(): void
  /** What must not be sent before the lane was read: nothing of it may go ahead of who waits, even when his time is over. */
  topics(): number[]
  /** Until the lane must be read again for somebody; undefined when nobody waits. */
  nextMs(): number | undefined
}

interface Parked {
  readonly topics: readonly number[]
  readonly failures: number
  untilMs: number
  /** The lane was not read since its time began, so its end must not be missed, however short it was. */
  isWaiting: boolean
}

interface Needs {
  readonly clock: Clock
  readonly random: Random
  readonly retryMaxMs?: number
}

export const createParking = ({ clock, random, retryMaxMs: maxMs = RETRY_MAX_MS }: Needs): Parking => {
  const parked = new Map<string, Parked>()
  const isOver = ({ untilMs }: Parked): boolean => untilMs <= clock.monotonicMs()
  return {
    park: ({ id, topics }) => {
      const failures = (parked.get(id)?.failures ?? 0) + 1
      if (failures === 1 && parked.size >= PARKED_LETTERS_MAX && !makeRoom(parked, clock.monotonicMs()))
        return undefined
      const delayMs = retryDelayMs({ failures, unit: random.unit(), maxMs })
      parked.set(id, { topics, failures, untilMs: clock.monotonicMs() + delayMs, isWaiting: true })
      return delayMs
    },
    leave: (id) => void parked.delete(id),
    release: () => {
      for (const each of parked.values()) each.untilMs = 0
    },
    resume: () => {
      for (const each of parked.values()) if (isOver(each)) each.isWaiting = false
    },
    topics: () => [...new Set([...parked.values()].filter(isWaiting).flatMap(({ topics }) => topics))],
    nextMs: () => {
      const ends = [...parked.values()].filter(isWaiting).map(({ untilMs }) => untilMs)
      return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends) - clock.monotonicMs())
    },
  }
}

const isWaiting = ({ isWaiting: waits }: Parked): boolean => waits

/** Of who does not wait any more only the number of failures is forgotten; he may even be gone. */
const makeRoom = (parked: Map<string, Parked>, nowMs: number): boolean => {
  for (const [id, { untilMs }] of parked) {
    if (untilMs <= nowMs) return parked.delete(id)
  }
  return false
}
