/** A real nginx with the configuration that we print, for one test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type NginxIngress, renderNginxConfig } from '#src/federation/nginx-config.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { findExecutable } from '#src/world/executables.ts'

export const nginxExecutable = await findExecutable('nginx')

const START_MS = 10_000

export const startNginx = (ingress: NginxIngress): Promise<AsyncDisposable> =>
  runNginx(ingress.directory, renderNginxConfig(ingress), ingress.listen)

/** Any configuration that keeps its files in this directory. */
export const runNginx = async (
  directory: string,
  configuration: string,
  listen: NginxIngress['listen'],
): Promise<AsyncDisposable> => {
  if (nginxExecutable === undefined) throw new Error('nginx is not installed')
  // Started by root, nginx works as somebody else, who must reach its directory.
  await chmod(directory, 0o755)
  const file = join(directory, 'nginx.conf')
  await writeFile(file, configuration)
  const child = spawn(nginxExecutable, ['-c', file, '-p', directory], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  await withDeadline((signal) => untilListening(child, listen, signal), START_MS, 'starting nginx')
  return {
    [Symbol.asyncDispose]: async () => {
      process.off('exit', kill)
      if (child.exitCode !== null)
        throw new Error(`nginx ended by itself: ${await readFile(join(directory, 'error.log'), 'utf8')}`)
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

const untilListening = async (
  child: ChildProcess,
  listen: NginxIngress['listen'],
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    if (child.exitCode !== null) throw new Error(`nginx ended with code ${child.exitCode}`)
    if (await accepts(listen)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const accepts = ({ host, port }: NginxIngress['listen']): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
