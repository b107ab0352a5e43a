/** nginx as the ingress of a backend, with the configuration that operators get as well. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultIngressSecretFile, ensureIngressSecret, writeNginxInclude } from '#src/federation/ingress-secret.ts'
import { renderNginxConfig } from '#src/federation/nginx-config.ts'
import { systemRandom } from '#src/kit/random.ts'
import type { BackendPlan } from './backend.ts'
import { diesWithParent, findExecutable } from './executables.ts'
import type { ProcessPlan } from './managed-process.ts'
import { LOOPBACK } from './ports.ts'
import { replaceFile } from './replace-file.ts'

export async function nginxProcess({ backend, ports, authorityFile }: BackendPlan): Promise<ProcessPlan> {
  const nginx = await requireNginx()
  const directory = backend.nginxDirectory
  const configFile = join(directory, 'nginx.conf')
  const pidFile = join(directory, 'nginx.pid')
  await mkdir(directory, { recursive: true })
  // One that was killed leaves it behind, and it is how we know that the next one listens.
  await rm(pidFile, { force: true })
  const secretFile = defaultIngressSecretFile(backend.dataDirectory)
  const config = renderNginxConfig({
    listen: { host: LOOPBACK, port: ports.ingress },
    infraDomain: backend.infraDomain,
    certificateFile: backend.certificateFile,
    privateKeyFile: backend.keyFile,
    clientCaFile: authorityFile,
    verifyDepth: 1,
    inward: { host: LOOPBACK, port: ports.federatorInward },
    secretIncludeFile: await writeNginxInclude(secretFile, await ensureIngressSecret(secretFile, systemRandom)),
    directory,
    // Everything else of a world runs as whoever started it, too.
    user: process.getuid?.() === 0 ? 'root' : undefined,
  })
  await replaceFile(configFile, config, 0o600)
  return {
    name: `${backend.domain} nginx`,
    ...(await diesWithParent({
      command: nginx,
      args: ['-c', configFile, '-p', directory, '-e', join(directory, 'error.log')],
    })),
    logFile: backend.logFile('nginx'),
    // nginx writes it when its listening sockets are open.
    isReady: async () => (await readFile(pidFile, 'utf8').catch(() => '')) !== '',
  }
}

/** Asked before anything is started, so that a missing nginx is not found out half-way. */
export async function requireNginx(): Promise<string> {
  const nginx = await findExecutable('nginx')
  if (nginx !== undefined) return nginx
  throw new Error(
    'nginx is neither in the path nor in /usr/sbin; install it (Debian: apt-get install nginx-light) or use --ingress builtin',
  )
}
