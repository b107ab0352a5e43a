/** Microseconds since the epoch, finer than a date; comparable with the hops that backends of this machine log. */
export const epochMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000)
