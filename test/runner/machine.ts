/** The servers that tests run against: what this machine has, and what can be added to it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { findExecutable } from '#src/world/executables.ts'
import { findPostgres } from '#test/services/postgres.ts'

export interface RealServer {
  /** As the summary calls it. */
  readonly name: string
  readonly debianPackage: string
  /** How tests say that they use it: `test(name, { tags: ['nginx'] }, …)`; inherited from suites. */
  readonly tag: string
  /** The first line that tells the version; undefined where the server is not installed. */
  readonly version: () => Promise<string | undefined>
}

export const REAL_SERVERS: readonly RealServer[] = [
  {
    name: 'PostgreSQL',
    debianPackage: 'postgresql',
    tag: 'postgresql',
    version: async () => {
      const found = await findPostgres()
      return found && (await firstLine(found.postgres, ['--version']))
    },
  },
  {
    name: 'nginx',
    debianPackage: 'nginx-light',
    tag: 'nginx',
    version: async () => ofExecutable('nginx', ['-v']),
  },
  {
    name: 'DNS',
    debianPackage: 'knot',
    tag: 'dns',
    version: async () => (await ofExecutable('knotd', ['--version'])) ?? (await ofExecutable('named', ['-v'])),
  },
]

async function ofExecutable(name: string, args: readonly string[]): Promise<string | undefined> {
  const path = await findExecutable(name)
  return path && (await firstLine(path, args))
}

async function firstLine(command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, [...args])
  return (stdout + stderr).trim().split('\n')[0] ?? command
}

export async function missingServers(): Promise<RealServer[]> {
  const versions = await Promise.all(REAL_SERVERS.map(async (server) => ({ server, version: await server.version() })))
  return versions.filter(({ version }) => version === undefined).map(({ server }) => server)
}

/** Undefined when everything is there afterwards, otherwise the reason why not. */
export async function installMissing(say: (line: string) => void): Promise<string | undefined> {
  const missing = await missingServers()
  if (missing.length === 0) return undefined
  const packages = missing.map(({ debianPackage }) => debianPackage)
  const byHand = `apt-get install --no-install-recommends ${packages.join(' ')}`
  const without = `Without ${missing.map(({ name }) => name).join(', ')}, tests that need it are skipped.`
  if (process.getuid?.() !== 0) return `${without} Not root, so nothing is installed; as root: ${byHand}`
  if ((await findExecutable('apt-get')) === undefined) return `${without} This system has no apt-get.`
  say(`Installing ${packages.join(', ')} from the packages of this system.`)
  const failure = await install(packages)
  return failure && `${without} ${failure}`
}

/** Packages of servers start them when they are installed, which nobody asked for: the tests start their own. */
const POLICY = '/usr/sbin/policy-rc.d'

async function install(packages: readonly string[]): Promise<string | undefined> {
  const isOurs = !existsSync(POLICY)
  if (isOurs) await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
      const code = await show('apt-get', args)
      if (code !== 0) return `apt-get ${args.join(' ')} ended with code ${code}.`
    }
    return undefined
  } finally {
    if (isOurs) await rm(POLICY, { force: true })
  }
}

/** Runs with the terminal's output and no input; resolves with the exit code. */
export async function show(command: string, args: readonly string[], cwd?: string): Promise<number | string> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env, cwd })
  return once(child, 'close').then(
    ([code, signal]) => code ?? signal,
    (error: NodeJS.ErrnoException) => error.code ?? 'unknown',
  )
}
