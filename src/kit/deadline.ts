/** Every await on something that may never answer goes through here. */
export class DeadlineExceeded extends Error {
  readonly what: string
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`)
    this.name = 'DeadlineExceeded'
    this.what = what
  }
}

/** Rejects with {@link DeadlineExceeded} after `ms`. The work itself goes on unless it watches the signal it is given. */
export const withDeadline = <T>(
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
  ms: number,
  what: string,
): Promise<T> =>
  // By hand, because a race makes several promises for each of the requests that pass here.
  new Promise((resolve, reject) => {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      const error = new DeadlineExceeded(what, ms)
      reject(error)
      controller.abort(error)
    }, ms)
    const over = (): void => clearTimeout(timer)
    try {
      const begun = typeof work === 'function' ? work(controller.signal) : work
      begun.then(resolve, reject).finally(over)
    } catch (error) {
      over()
      reject(error)
    }
  })
