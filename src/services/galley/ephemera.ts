/**
 * What is worth telling, or asking, only now: never queued, stored or repeated. Nobody waits for it, so that a peer that
 * hangs costs the one who types nothing; what cannot be told in time, or is too much at once, is dropped.
 */
import type { Log } from '#src/kit/log.ts'
import { EPHEMERA_UNDER_WAY_MAX } from './limits.ts'

export interface Ephemera extends AsyncDisposable {
  /** `tell` must end by itself, in time. */
  tell(what: string, tell: () => Promise<unknown>): void
}

export const startEphemera = (log: Log): Ephemera => {
  const underWay = new Set<Promise<void>>()
  const attempt = async (what: string, tell: () => Promise<unknown>): Promise<void> => {
    try {
      await tell()
    } catch (error) {
      // Not lost: there was no promise that it arrives.
      log.debug({ err: error }, what)
    }
  }
  return {
    tell: (what, tell) => {
      if (underWay.size >= EPHEMERA_UNDER_WAY_MAX) return
      const telling = attempt(what, tell).finally(() => underWay.delete(telling))
      underWay.add(telling)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(underWay)
    },
  }
}
