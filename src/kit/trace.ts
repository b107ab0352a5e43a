/**
 * The way of one request through the parts, for people: each part writes one line `{hop, requestId, at}` when the
 * request reaches it. Off unless configured, and then the cost is one comparison.
 */
import type { Log } from './log.ts'

let isTracing = false

export const traceHops = (on: boolean): void => {
  isTracing = on
}

/** `at` is microseconds since the epoch, so that lines of several processes of one machine can be compared. */
export const hop = (log: Log, name: string, requestId: string, fields: Record<string, unknown> = {}): void => {
  if (!isTracing) return
  const at = Math.round((performance.timeOrigin + performance.now()) * 1000)
  log.info({ hop: name, requestId, at, ...fields })
}
