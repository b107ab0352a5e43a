/**
 * Telling brig which devices are in use. People are shown it as a week, so brig is told at most once a week by every
 * replica, and reading notifications writes nothing otherwise.
 */
import { ClientId, type UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { call } from '#src/kit/http/client.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { boundedCache } from '#src/kit/lru.ts'
import { ACTIVITY_CACHED_MAX, ACTIVITY_TIMEOUT_MS } from './limits.ts'

export interface Activity {
  /** Never fails: a device that cannot be noted is noted the next time it asks. */
  note(user: UserId, client: string | undefined): Promise<void>
}

interface Needs {
  readonly brig: Transport
  readonly clock: Clock
  readonly log: Log
}

const WEEK_MS = 7 * 24 * 60 * 60 * 1000

export const deviceActivity = ({ brig, clock, log }: Needs): Activity => {
  const noted = boundedCache<string, number>({ max: ACTIVITY_CACHED_MAX, clock })
  return {
    note: async (user, text) => {
      const client = ClientId.safeParse(text)
      if (!client.success) return
      const key = `${user} ${client.data}`
      const week = Math.ceil(clock.now().getTime() / WEEK_MS)
      if (noted.get(key) === week) return
      const until = new Date(week * WEEK_MS).toISOString()
      try {
        const body = { user, client: client.data, until }
        await withDeadline(call(brig, brigInternal['note-activity'], { body }), ACTIVITY_TIMEOUT_MS, 'noting a device')
        noted.set(key, week)
      } catch (error) {
        log.warn({ err: error }, 'a device that is in use could not be noted')
      }
    },
  }
}
