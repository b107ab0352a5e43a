/** The world that stock clients are let loose on: one that runs already, or one of our own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export type Ingress = 'builtin' | 'nginx'

export interface Backend {
  readonly domain: string
  readonly clientApi: string
}

export interface World extends AsyncDisposable {
  readonly backends: readonly Backend[]
  /** How long volatile assets are kept; undefined when it is too long to wait for. */
  readonly volatileSeconds: number | undefined
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BACKENDS = 'alpha.test,beta.test,gamma.test'
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 50
/** Enough to send a file and fetch it on a busy machine. */
const VOLATILE_SECONDS = 8

/** `COMITY_READY_FILE` names the ready file of a world that is up, whatever its ingress; its life is not ours then. */
export async function world(ingress: Ingress): Promise<World> {
  const readyFile = process.env['COMITY_READY_FILE']
  if (readyFile !== undefined)
    return { backends: read(readyFile), volatileSeconds: undefined, [Symbol.asyncDispose]: async () => {} }
  const directory = join(ROOT, 'var', `interop-${ingress}`)
  await mkdir(directory, { recursive: true })
  return startWorld(ingress, directory)
}

async function startWorld(ingress: Ingress, directory: string): Promise<World> {
  const readyFile = join(directory, 'ready.json')
  const log = join(directory, 'world.log')
  const settings = join(directory, 'settings.json')
  await writeFile(settings, JSON.stringify({ assets: { volatileSeconds: VOLATILE_SECONDS } }))
  const args = ['src/main.ts', 'world', 'run', '--fresh', '--ingress', ingress, '--backends', BACKENDS]
  const child = spawn(
    process.execPath,
    [...args, '--data', join(directory, 'data'), '--settings', settings, '--ready-file', readyFile],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const output = createWriteStream(log)
  child.stdout?.pipe(output, { end: false })
  child.stderr?.pipe(output, { end: false })
  const stop = (): Promise<void> => stopWorld(child)
  try {
    await untilReady(child, readyFile)
  } catch (error) {
    await stop()
    throw new Error(`the world did not start; its output is in ${log}`, { cause: error })
  }
  return { backends: read(readyFile), volatileSeconds: VOLATILE_SECONDS, [Symbol.asyncDispose]: stop }
}

async function untilReady(child: ChildProcess, readyFile: string): Promise<void> {
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
  while (!existsSync(readyFile)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended')
    await sleep(POLL_MS, undefined, { signal: deadline })
  }
}

/** As Ctrl-C would. */
async function stopWorld(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  const late = AbortSignal.timeout(STOP_TIMEOUT_MS)
  late.addEventListener('abort', () => child.kill('SIGKILL'))
  await ended
}

const read = (file: string): Backend[] => (JSON.parse(readFileSync(file, 'utf8')) as { backends: Backend[] }).backends
