/**
 * How fast the body of an answer has to come. A peer that lets us wait for it longer than a bad line explains is given
 * up: a byte now and then never trips an idle time-out.
 */
import type { Clock } from '#src/kit/clock.ts'
import type { Pace } from '#src/kit/http2/incoming-body.ts'
import { BODY_BYTES_PER_SECOND_MIN, BODY_GRACE_MS } from '../limits.ts'
import { PeerFailure } from './peer-failure.ts'

export const answerPace = (clock: Clock): Pace => {
  let sinceMs: number | undefined
  let waitedMs = 0
  let came = 0
  return {
    waits: () => {
      sinceMs = clock.monotonicMs()
    },
    rests: () => {
      sinceMs = undefined
    },
    came: (bytes) => {
      came += bytes
      if (sinceMs === undefined) return undefined
      const nowMs = clock.monotonicMs()
      waitedMs += nowMs - sinceMs
      sinceMs = nowMs
      const allowedMs = BODY_GRACE_MS + (came / BODY_BYTES_PER_SECOND_MIN) * 1000
      return waitedMs > allowedMs ? new PeerFailure('http', 'the answer comes too slowly') : undefined
    },
  }
}
