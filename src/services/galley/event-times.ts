/**
 * Times of events. Stock clients drop, when catching up, every event that is not later than the one before it
 * (client-notifications.md §5.5), so within this process no two events get the same time while that can be had.
 */
import type { Timestamp } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'

/** Milliseconds since 1970. */
export type EventTime = number

/**
 * Stands in what is written for the time that the database gives it. Cannot be met by chance: what surrounds it is made
 * of ids, names of devices and Base64.
 */
export const LATER = '@time@'

export interface EventTimes {
  /** Later than what is given: another service has told people of something that this follows from. */
  next(after?: EventTime): EventTime
}

/**
 * Beyond a thousand events a second, unique milliseconds would run ahead of the clock; after this long equal times in
 * different conversations are the smaller evil. Within one conversation the database keeps them apart in any case.
 */
export const LEAD_MS_MAX = 1_000

export const eventTimes = (clock: Clock): EventTimes => {
  let last = 0
  return {
    next(after = 0) {
      const now = clock.now().getTime()
      // A clock that was set back leaves `last` far ahead; then we follow the clock.
      const isAhead = last - now >= LEAD_MS_MAX
      last = isAhead ? now : Math.max(now, last + 1)
      // Where that service runs the clock may be ahead of ours, but not all that follows here has to be.
      if (after >= last && after - now < LEAD_MS_MAX) last = after + 1
      return Math.max(last, after + 1)
    },
  }
}

/** What is made so is written as a timestamp is, and needs no parsing. */
export const timestampOf = (time: EventTime): Timestamp => {
  const second = Math.floor(time / 1000)
  if (second !== written.second) {
    written.second = second
    written.text = new Date(second * 1000).toISOString().slice(0, -'000Z'.length)
  }
  return `${written.text}${String(time - second * 1000).padStart(3, '0')}Z` as Timestamp
}

/** Of the times that are written one after the other most are of the same second. */
const written = { second: Number.NaN, text: '' }
