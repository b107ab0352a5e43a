/** What the servers that tests start have in common: a directory of their own, a free port, an end with the test. */
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '#src/kit/clock.ts'
import { type Command, diesWithParent } from '#src/world/executables.ts'
import { startProcess } from '#src/world/managed-process.ts'

/** Something that a machine must have for a test; the test is skipped, and says so, where it is missing. */
export class Missing extends Error {
  constructor(what: string, debianPackage: string) {
    super(`${what} is not installed (Debian: apt-get install --no-install-recommends ${debianPackage})`)
    this.name = 'Missing'
  }
}

export interface Directory extends AsyncDisposable {
  readonly path: string
}

/** Readable by `user` alone, removed in the end. */
export async function temporaryDirectory(name: string, user?: { uid: number; gid: number }): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), `comity-${name}-`))
  if (user) await chown(path, user.uid, user.gid)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Servers that refuse to run as root run as this user of the system then. */
export async function unprivileged(user: string): Promise<{ name: string; uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const id = async (flag: string) => Number((await promisify(execFile)('id', [flag, user])).stdout)
  return { name: user, uid: await id('-u'), gid: await id('-g') }
}

export interface ServicePlan extends Command {
  readonly name: string
  readonly directory: string
  readonly isReady: (log: string) => boolean
  readonly asUser?: string | undefined
  readonly stopSignal?: NodeJS.Signals
}

export interface Service extends AsyncDisposable {
  readonly pid: number
}

export async function startService(plan: ServicePlan): Promise<Service> {
  const { command, args } = await diesWithParent(plan, plan.asUser)
  const logFile = join(plan.directory, `${plan.name}.log`)
  const { name, isReady, stopSignal } = plan
  const running = await startProcess(
    { name, command, args, logFile, isReady, ...(stopSignal && { stopSignal }) },
    systemClock,
  )
  return { pid: running.pid, [Symbol.asyncDispose]: () => running.stop() }
}

/** Below the range of outgoing connections and above the blocks of worlds. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 20_000)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    await once(server.close(), 'close')
    return port
  }
}
