/** Large bodies in both directions: how fast, and how much memory the chain takes for it. */
import { readFile } from 'node:fs/promises'
import { systemClock } from '#src/kit/clock.ts'
import { processTree } from '../resident.ts'
import type { Chain } from './chain.ts'
import { cpuSecondsOf } from './cpu.ts'
import { headersFor, type Generator } from './load.ts'
import type { MeasuringNeeds } from './measure.ts'
import { RPC, UPLOAD_PIECE_MB } from './responder.ts'

export type Direction = 'down' | 'up'

export interface BulkMeasurement {
  readonly chain: Chain
  readonly direction: Direction
  readonly megabytesPerSecond: number
  /** Of all the chain's processes. */
  readonly cpuMillisPerMb: number
  /** Largest resident memory of all the chain's processes meanwhile, less what they had before. */
  readonly growthMb: number
}

const BYTES_PER_MB = 1e6
const WARM_UP_MB = 300

export const measureBulk = async ({
  chains,
  options,
  generator,
  say,
}: MeasuringNeeds): Promise<readonly BulkMeasurement[]> => {
  const measurements: BulkMeasurement[] = []
  if (options.bulk === 0) return measurements
  // A chain of ours is compiled while it carries its first few hundred megabytes.
  const warmUps = Math.ceil(WARM_UP_MB / options.bulk)
  for (let repetition = 1 - warmUps; repetition <= options.reps; repetition += 1) {
    for (const chain of chains) {
      for (const direction of ['down', 'up'] as const) {
        const measured = await transfer(generator, { chain, direction, megabytes: options.bulk })
        if (repetition < 1) continue
        say(
          `${repetition}/${options.reps}  ${options.bulk} MB ${direction}  ${chain.name}: ${Math.round(measured.megabytesPerSecond)} MB/s`,
        )
        measurements.push(measured)
      }
    }
  }
  return measurements
}

interface Transfer {
  readonly chain: Chain
  readonly direction: Direction
  readonly megabytes: number
}

const transfer = async (generator: Generator, { chain, direction, megabytes }: Transfer): Promise<BulkMeasurement> => {
  await using memory = await watchMemory(chain)
  const pieces = direction === 'down' ? 1 : Math.ceil(megabytes / UPLOAD_PIECE_MB)
  const pieceBytes = Math.ceil((megabytes * BYTES_PER_MB) / pieces)
  const expected = pieces * pieceBytes
  const cpuBefore = await cpuOf(chain)
  const { bytes, seconds } = await generator.transfer({
    port: chain.port,
    path: `/rpc/${chain.domain}/${RPC[direction]}`,
    headers: headersFor(chain),
    pieces,
    pieceBytes: direction === 'down' ? 0 : pieceBytes,
  })
  if (bytes !== expected) throw new Error(`${chain.name} moved ${bytes} bytes ${direction} instead of ${expected}`)
  return {
    chain,
    direction,
    megabytesPerSecond: bytes / BYTES_PER_MB / seconds,
    cpuMillisPerMb: (((await cpuOf(chain)) - cpuBefore) * 1000) / megabytes,
    growthMb: (await memory.peakBytes()) / BYTES_PER_MB,
  }
}

const cpuOf = async (chain: Chain): Promise<number> => {
  const seconds = await Promise.all(chain.hops.map(({ pid }) => cpuSecondsOf(pid)))
  return seconds.reduce((sum, each) => sum + each, 0)
}

const LOOK_MS = 25

const watchMemory = async (chain: Chain) => {
  const pids = (await Promise.all(chain.hops.map(({ pid }) => processTree(pid)))).flat()
  const resident = async (): Promise<number> => {
    const sizes = await Promise.all(pids.map(residentBytes))
    return sizes.reduce((sum, size) => sum + size, 0)
  }
  const before = await resident()
  let peak = before
  const look = async (): Promise<void> => {
    peak = Math.max(peak, await resident())
  }
  const stopped = new AbortController()
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await look()
      await systemClock.sleep(LOOK_MS, stopped.signal).catch(() => undefined)
    }
  })()
  return {
    peakBytes: async (): Promise<number> => {
      await look()
      return peak - before
    },
    [Symbol.asyncDispose]: async () => {
      stopped.abort()
      await looking
    },
  }
}

const PAGE_BYTES = 4096

/** The second field of `/proc/PID/statm`, in pages: far cheaper to read than a rollup. */
const residentBytes = async (pid: number): Promise<number> => {
  const statm = await readFile(`/proc/${pid}/statm`, 'latin1')
  return Number(statm.split(' ')[1]) * PAGE_BYTES
}
