import { onAbort } from './abort.ts'

/** Every await on something that may never answer goes through here. */
export class DeadlineExceeded extends Error {
  readonly what: string
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`)
    this.name = 'DeadlineExceeded'
    this.what = what
  }
}

type Work<T> = Promise<T> | ((signal: AbortSignal) => Promise<T>)

/** Rejects with {@link DeadlineExceeded} after `ms`. The work itself goes on unless it watches the signal it is given. */
export const withDeadline = <T>(work: Work<T>, ms: number, what: string): Promise<T> => within(work, { ms, what })

export interface Bounds {
  readonly ms: number
  /** What the work does, for the error. */
  readonly what: string
  /** Ends it early, with its own reason; when it is aborted already, the work is not begun. */
  readonly cutOff?: AbortSignal | undefined
}

/**
 * Like {@link withDeadline}, for work that somebody may cut off. One signal for both endings, by listening:
 * `AbortSignal.any` keeps an account of all signals that depend on each other, which costs more than a short call.
 */
export const within = <T>(work: Work<T>, { ms, what, cutOff }: Bounds): Promise<T> =>
  // By hand, because a race makes several promises for each of the requests that pass here.
  new Promise((resolve, reject) => {
    if (cutOff?.aborted) return reject(cutOff.reason)
    let controller: AbortController | undefined
    const begin = (): Promise<T> => {
      // What is under way already heeds no signal, and making one would cost more than all the rest.
      if (typeof work !== 'function') return work
      controller = new AbortController()
      return work(controller.signal)
    }
    const end = (reason: unknown): void => {
      reject(reason)
      controller?.abort(reason)
    }
    const stopListening = cutOff && onAbort(cutOff, () => end(cutOff.reason))
    const timer = setTimeout(() => end(new DeadlineExceeded(what, ms)), ms)
    const over = (): void => {
      clearTimeout(timer)
      stopListening?.()
    }
    const andOver =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        over()
        settle(value)
      }
    try {
      begin().then(andOver(resolve), andOver(reject))
    } catch (error) {
      over()
      reject(error)
    }
  })
