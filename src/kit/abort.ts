/**
 * Listening for a moment to a signal that lives long. The platform keeps the listeners of a signal in a list, and one that
 * was taken out still points to the next: once one of them has grown old, all that come after it grow old too, with all
 * that they close over (docs/decisions/what-grows-old.md). Here one that is gone points to nothing.
 */

interface Listener {
  act: (() => void) | undefined
  place: number
}

const listenersOf = new WeakMap<AbortSignal, Listener[]>()

/** Acts once when the signal is aborted; not if it is already, and not after the returned function was called. */
export const onAbort = (signal: AbortSignal, act: () => void): (() => void) => {
  const listeners = listenersOf.get(signal) ?? startListening(signal)
  const listener: Listener = { act, place: listeners.length }
  listeners.push(listener)
  return () => {
    if (!listener.act) return
    listener.act = undefined
    // The last one takes its place.
    const last = listeners.pop()
    if (!last || last === listener) return
    listeners[listener.place] = last
    last.place = listener.place
  }
}

const startListening = (signal: AbortSignal): Listener[] => {
  const listeners: Listener[] = []
  listenersOf.set(signal, listeners)
  const tellAll = (): void => {
    // One may take out others.
    for (const listener of listeners.splice(0)) {
      const { act } = listener
      listener.act = undefined
      act?.()
    }
  }
  signal.addEventListener('abort', tellAll, { once: true })
  return listeners
}
