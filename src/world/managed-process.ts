/** One process of a world: started with its output in a file, awaited until it says it is ready, stopped or killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, stat } from 'node:fs/promises'
import type { Clock } from '#src/kit/clock.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import { LOG_LINE_SHOWN_MAX, LOG_POLL_MS, PROCESS_START_MS, PROCESS_STOP_MS } from './limits.ts'

export interface ProcessPlan {
  /** For people: `beta.test`, or `beta.test galley`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Whether the process is ready, by the output of this run or by other signs. */
  readonly isReady: (log: string) => boolean | Promise<boolean>
  readonly stopSignal?: NodeJS.Signals
  readonly env?: NodeJS.ProcessEnv
}

export interface ManagedProcess {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Where this run's output starts in the log file. */
  readonly logOffset: number
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<Ending>
  readonly hasEnded: boolean
  /** Asks it to stop; insists after a while. Killing takes no notice of what it is doing. */
  stop(how?: { kill?: boolean }): Promise<void>
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Nobody had asked for it. */
  readonly isUnexpected: boolean
}

/** Starts it and returns when it is ready; whatever prevents that is told with the end of its log. */
export async function startProcess(plan: ProcessPlan, clock: Clock): Promise<ManagedProcess> {
  const managed = await spawnProcess(plan)
  try {
    await withDeadline(
      (signal) => untilReady(plan, managed, { clock, signal }),
      PROCESS_START_MS,
      `starting ${plan.name}`,
    )
    return managed
  } catch (cause) {
    await managed.stop({ kill: true })
    const reason = cause instanceof DeadlineExceeded ? 'was not ready in time' : 'did not start'
    throw new Error(`${plan.name} ${reason}; its log ${plan.logFile} ends with:\n${await lastLines(managed)}`, {
      cause,
    })
  }
}

const running = new Set<ChildProcess>()
// Whatever ends this process, an uncaught error included, leaves no orphans.
process.on('exit', () => signalAll('SIGKILL'))

/** To every process of this one's, with all of their children. */
export function signalAll(signal: NodeJS.Signals): void {
  for (const child of running) signalGroup(child, signal)
}

/** The output of this run so far. */
export async function readLog({ logFile, logOffset }: Pick<ManagedProcess, 'logFile' | 'logOffset'>): Promise<string> {
  const bytes = await readFile(logFile)
  return bytes.subarray(logOffset).toString('utf8')
}

export async function lastLines(managed: Pick<ManagedProcess, 'logFile' | 'logOffset'>, count = 15): Promise<string> {
  const lines = (await readLog(managed)).trimEnd().split('\n')
  return lines
    .slice(-count)
    .map((line) => `    ${line.slice(0, LOG_LINE_SHOWN_MAX)}`)
    .join('\n')
}

async function spawnProcess(plan: ProcessPlan): Promise<ManagedProcess> {
  await using log = await open(plan.logFile, 'a', 0o600)
  const logOffset = (await stat(plan.logFile)).size
  const child = spawn(plan.command, plan.args, {
    stdio: ['ignore', log.fd, log.fd, ...(plan.command === process.execPath ? ['ipc' as const] : [])],
    env: { ...process.env, ...plan.env },
    // A process group of its own: a Ctrl-C in the terminal reaches the world alone, which then stops in order,
    // and killing the group takes the workers of nginx along.
    detached: true,
  })
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw new Error(`starting ${plan.command} for ${plan.name}`, { cause })
  }
  child.on('error', () => undefined)
  running.add(child)

  let isWanted = true
  let hasEnded = false
  const ended = once(child, 'exit').then(([code, signal]): Ending => {
    hasEnded = true
    running.delete(child)
    return { code, signal, isUnexpected: isWanted }
  })
  return {
    name: plan.name,
    pid: child.pid ?? 0,
    logFile: plan.logFile,
    logOffset,
    ended,
    get hasEnded() {
      return hasEnded
    },
    async stop({ kill = false } = {}) {
      isWanted = false
      // The number of a process that has ended may be somebody else's by now.
      if (hasEnded) return
      signalGroup(child, kill ? 'SIGKILL' : (plan.stopSignal ?? 'SIGTERM'))
      await withDeadline(ended, PROCESS_STOP_MS, `stopping ${plan.name}`).catch(() => signalGroup(child, 'SIGKILL'))
      await ended
    },
  }
}

async function untilReady(
  plan: ProcessPlan,
  managed: ManagedProcess,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  while (!(await plan.isReady(await readLog(managed)))) {
    if (managed.hasEnded) throw new Error(`ended ${describeEnding(await managed.ended)}`)
    await clock.sleep(LOG_POLL_MS, signal)
  }
}

export const describeEnding = ({ code, signal }: Ending): string =>
  signal === null ? `with code ${code}` : `by signal ${signal}`

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody of the group is left, which is what a signal was to bring about.
  }
}
