/** How far processes grow while something goes on: resident memory as Linux counts it, looked at again and again. */
import { readFile } from 'node:fs/promises'
import { systemClock } from '#src/kit/clock.ts'

const LOOK_MS = 25
const PAGE_BYTES = 4096
const BYTES_PER_MIB = 1024 * 1024

export interface Growth {
  readonly name: string
  readonly mebibytes: number
}

export interface Watched {
  readonly name: string
  readonly pid: number
}

export const watchGrowth = async <T>(
  processes: readonly Watched[],
  work: () => Promise<T>,
): Promise<{ result: T; growth: readonly Growth[] }> => {
  const before = await sizesOf(processes)
  const peaks = [...before]
  const look = async (): Promise<void> => {
    const sizes = await sizesOf(processes)
    for (const [index, size] of sizes.entries()) peaks[index] = Math.max(peaks[index] ?? 0, size)
  }
  const stopped = new AbortController()
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await look()
      await systemClock.sleep(LOOK_MS, stopped.signal).catch(() => undefined)
    }
  })()
  try {
    const result = await work()
    await look()
    const growth = processes.map(({ name }, index) => ({
      name,
      mebibytes: ((peaks[index] ?? 0) - (before[index] ?? 0)) / BYTES_PER_MIB,
    }))
    return { result, growth }
  } finally {
    stopped.abort()
    await looking
  }
}

const sizesOf = (processes: readonly Watched[]): Promise<number[]> =>
  Promise.all(
    processes.map(async ({ pid }) => {
      const statm = await readFile(`/proc/${pid}/statm`, 'latin1')
      return Number(statm.split(' ')[1]) * PAGE_BYTES
    }),
  )
