/** Lets a bounded number of tasks run at once and a bounded number wait; who comes then is turned away. */
export interface Gate {
  /** `undefined` when the waiting room is full; the task was not started then. */
  run<T>(task: () => Promise<T>): Promise<{ readonly result: T } | undefined>
}

export const gate = ({ atOnce, waitingMax }: { readonly atOnce: number; readonly waitingMax: number }): Gate => {
  const waiting: (() => void)[] = []
  let running = 0

  const enter = (): Promise<void> | undefined => {
    if (running < atOnce) {
      running += 1
      return undefined
    }
    return new Promise((resolve) => waiting.push(resolve))
  }
  // A place that becomes free goes straight to who waits for longest, so `running` stays as it is then.
  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return {
    run: async (task) => {
      if (running >= atOnce && waiting.length >= waitingMax) return undefined
      await enter()
      try {
        return { result: await task() }
      } finally {
        leave()
      }
    },
  }
}
