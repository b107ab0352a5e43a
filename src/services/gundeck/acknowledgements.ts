/**
 * What of a stream was sent and not yet acknowledged, and up to where it may be forgotten. Tags count from 1 on each
 * connection; positions are those of the user's log and mean the same on all.
 */
import type { Position } from './notification-id.ts'
import type { Acknowledged } from './store-streams.ts'

export interface Acknowledgements {
  /** The tag to send it with. `undefined` is no part of the log: it is acknowledged like others, and kept nowhere. */
  sent(at: Position | undefined): number
  /** False when no such tag was ever sent. */
  acknowledge(tag: number, isMultiple: boolean): boolean
  isAcknowledged(at: Position): boolean
  readonly unacknowledged: number
  /** To be kept. */
  state(): Acknowledged
}

/** `start` is where an earlier connection stopped, and where this one begins to read. */
export const acknowledgements = (start: Acknowledged): Acknowledgements => {
  const open = new Map<number, Position | undefined>()
  const beyond = new Set(start.beyond)
  let { upTo } = start
  let lastTag = 0
  let lastSent = upTo

  const settle = (): void => {
    const first = open.values().find((at) => at !== undefined)
    const settled = [...beyond].filter((at) => at <= lastSent && (first === undefined || at < first))
    upTo = Math.max(upTo, ...settled)
    for (const at of settled) beyond.delete(at)
  }

  return {
    sent: (at) => {
      lastTag += 1
      open.set(lastTag, at)
      if (at !== undefined) lastSent = at
      return lastTag
    },
    acknowledge: (tag, isMultiple) => {
      if (tag > lastTag) return false
      const tags = isMultiple ? [...open.keys()].filter((each) => each <= tag) : [tag]
      for (const each of tags) {
        const at = open.get(each)
        if (at !== undefined) beyond.add(at)
        open.delete(each)
      }
      settle()
      return true
    },
    isAcknowledged: (at) => at <= upTo || beyond.has(at),
    get unacknowledged() {
      return open.size
    },
    state: () => ({ upTo, beyond: [...beyond] }),
  }
}
