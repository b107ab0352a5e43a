/** Memory of a process and everything it started, as Linux counts it. */
import { readdir, readFile } from 'node:fs/promises'

export interface Resident {
  readonly processes: number
  /** Resident set sizes added up: pages that several processes share count for each of them. */
  readonly residentMb: number
  /** Every page counted once, divided among those that share it. */
  readonly proportionalMb: number
}

export async function residentOf(root: number): Promise<Resident> {
  const pids = await processTree(root)
  const sizes = await Promise.all(pids.map(async (pid) => readRollup(pid)))
  const sum = (key: 'Rss' | 'Pss') => sizes.reduce((total, size) => total + size[key], 0) / 1024
  return { processes: pids.length, residentMb: sum('Rss'), proportionalMb: sum('Pss') }
}

/** A process and everything it started. */
export async function processTree(root: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const status = await readFile(`/proc/${entry}/status`, 'utf8').catch(() => '')
    const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1]
    if (parent !== undefined) parents.set(Number(entry), Number(parent))
  }
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(parents.get(pid) ?? 0))
  return [...parents.keys()].filter(isBelow)
}

/** In kilobytes. */
async function readRollup(pid: number): Promise<{ Rss: number; Pss: number }> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1])
  return { Rss: field('Rss'), Pss: field('Pss') }
}
