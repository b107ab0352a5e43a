/** So many at once for each key, and no more. */
export interface Turns {
  /** Undefined when there are too many already; a turn ends when it is disposed of. */
  tryEnter(key: string): Disposable | undefined
  readonly inside: number
}

export const turnsOf = (max: number): Turns => {
  const counts = new Map<string, number>()
  let inside = 0
  return {
    tryEnter: (key) => {
      const before = counts.get(key) ?? 0
      if (before >= max) return undefined
      counts.set(key, before + 1)
      inside += 1
      let isInside = true
      return {
        [Symbol.dispose]: () => {
          if (!isInside) return
          isInside = false
          inside -= 1
          const left = (counts.get(key) ?? 1) - 1
          if (left > 0) counts.set(key, left)
          else counts.delete(key)
        },
      }
    },
    get inside() {
      return inside
    },
  }
}
