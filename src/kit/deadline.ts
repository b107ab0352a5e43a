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
export const withDeadline = async <T>(
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
  ms: number,
  what: string,
): Promise<T> => {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new DeadlineExceeded(what, ms)
      reject(error)
      controller.abort(error)
    }, ms)
  })
  try {
    return await Promise.race([typeof work === 'function' ? work(controller.signal) : work, expired])
  } finally {
    clearTimeout(timer)
  }
}
