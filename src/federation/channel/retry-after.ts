/** How long a peer wants to be left alone (RFC 9110 §10.2.3). */
import type { Clock } from '#src/kit/clock.ts'
import { RETRY_AFTER_MAX_MS } from '../limits.ts'
import type { PeerHeaders } from './exchange.ts'

const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503

/** Undefined when it does not ask for anything. Bounded: a peer must not be able to silence itself for days. */
export const waitAskedFor = (status: number, headers: PeerHeaders, clock: Clock): number | undefined => {
  const value = headers['retry-after']
  if ((status !== TOO_MANY_REQUESTS && status !== UNAVAILABLE) || typeof value !== 'string') return undefined
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now().getTime()
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : undefined
}
