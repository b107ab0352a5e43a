/** Our clock against a peer's. */
import { CLOCK_DIFFERENCE_MS_MAX, CLOCK_DIFFERENCE_NOTICED_MS, CLOCK_RESOLUTION_MS } from './limits.ts'
import { failed, type Finding, ok, warning } from './step.ts'

export interface Exchange {
  readonly date: string | undefined
  readonly sentAt: Date
  readonly receivedAt: Date
}

/** Their time lies somewhere between our sending and our receiving. */
export const judgeClock = ({ date, sentAt, receivedAt }: Exchange, peer: string): Finding => {
  const theirs = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(theirs))
    return ok('the answer has no date; that our clock lies in the time of the certificate is all we know')
  const halfMs = (receivedAt.getTime() - sentAt.getTime()) / 2
  // The header cuts fractions off, so half a second is what it lacks on average.
  const differenceMs = theirs + CLOCK_RESOLUTION_MS / 2 - (sentAt.getTime() + halfMs)
  const uncertainMs = halfMs + CLOCK_RESOLUTION_MS / 2
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
  const data = { differenceSeconds: Number(seconds(differenceMs)), uncertainSeconds: Number(seconds(uncertainMs)) }
  const isNoticeable = Math.abs(differenceMs) - uncertainMs > CLOCK_DIFFERENCE_NOTICED_MS
  if (!isNoticeable) return ok(`at most ${seconds(uncertainMs + Math.abs(differenceMs))} s apart`, { data })
  const fact = `ours is ${seconds(Math.abs(differenceMs))} s ${differenceMs > 0 ? 'behind' : 'ahead of'} theirs (± ${seconds(uncertainMs)} s)`
  const advice = {
    data,
    why: 'messages carry the times of the backends they come from, and certificates are valid by the clock',
    change: `whichever is wrong, this machine or ${peer}: its time synchronisation (timedatectl, chronyc tracking)`,
  }
  return Math.abs(differenceMs) > CLOCK_DIFFERENCE_MS_MAX ? failed(fact, advice) : warning(fact, advice)
}
