/** CPU time as Linux charges it (proc(5), `/proc/PID/stat`): to a process, its children, and those that ended. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { processTree } from '../resident.ts'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Seconds of the process and everything it started, since they began. */
export const cpuSecondsOf = async (root: number): Promise<number> => {
  const pids = await processTree(root)
  const ticks = await Promise.all(pids.map(async (pid) => ticksOf(pid)))
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond
}

const ticksOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // Gone: then its parent has been charged.
  if (stat === undefined) return 0
  // The second field is a name in brackets and may hold anything; utime to cstime are the 14th to 17th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}
