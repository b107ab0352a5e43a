import { withDeadline } from '#src/kit/deadline.ts'

export interface Bounds {
  /** Ends the call early. */
  readonly cutOff: AbortSignal
  readonly timeoutMs: number
  /** What the call does, for the error. */
  readonly what: string
}

/** A call that ends, in time or when it is cut off, also when what it calls heeds neither. */
export const bounded = <T>(
  call: (signal: AbortSignal) => Promise<T>,
  { cutOff, timeoutMs, what }: Bounds,
): Promise<T> => withDeadline((expired) => orAborted(call, AbortSignal.any([cutOff, expired])), timeoutMs, what)

const orAborted = async <T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> => {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([call(signal), aborted.promise])
  } finally {
    // A listener would keep the signal alive for as long as those it depends on.
    signal.removeEventListener('abort', onAbort)
  }
}
