import { RETRY_MAX_MS, RETRY_MIN_MS } from './limits.ts'

export interface RetryPolicy {
  /** Failed attempts in a row, at least one. */
  readonly failures: number
  /** Uniform in [0, 1). */
  readonly unit: number
  readonly minMs?: number
  readonly maxMs?: number
}

/**
 * Milliseconds until the next attempt: exponential, and anywhere in the upper half of that, so that peers of one host
 * that came back do not all come at the same moment (backend-notifications.md §9). There is no last attempt.
 */
export const retryDelayMs = ({ failures, unit, minMs = RETRY_MIN_MS, maxMs = RETRY_MAX_MS }: RetryPolicy): number => {
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX))
  return ceilingMs / 2 + (unit * ceilingMs) / 2
}

const DOUBLINGS_MAX = 30
