/**
 * What one would write first: plain Node, a new TLS connection for each request, its certificate parsed each time.
 * HTTP/2, because peers accept nothing else; HTTP/1.1 would cost much the same.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeEnvironment } from '#src/world/backend.ts'
import type { Chain, Hop } from './chain.ts'
import type { Ground } from './ground.ts'
import type { NaiveRole } from './naive-proxy.ts'
import { NODE_ARGUMENTS, startProbe } from './probe-counter.ts'
import type { Responder } from './responder.ts'

export const NAIVE_SITE = 'naive.test'
const HOSTS = { outward: `federator.${NAIVE_SITE}`, ingress: `ingress.${NAIVE_SITE}` }

export const startNaiveChain = async (ground: Ground, responder: Responder): Promise<Chain> => {
  const ports = ground.portsOf(NAIVE_SITE)
  const probe = await startProbe(join(ground.layout.directory, 'naive.probe'))
  const start = async (hop: string, role: NaiveRole): Promise<Hop> => {
    const directory = await ground.directoryOf(`naive-${role.is}`)
    const files = await ground.certify(directory, HOSTS[role.is])
    const authority = await readFile(ground.layout.authorityFile, 'utf8')
    const { pid } = await ground.start({
      name: `naive ${hop}`,
      command: process.execPath,
      args: [
        ...NODE_ARGUMENTS,
        join(import.meta.dirname, 'naive-proxy.ts'),
        JSON.stringify({ ...role, ...files, authority }),
      ],
      logFile: join(directory, 'output.log'),
      isReady: (log) => log.includes('ready'),
      env: nodeEnvironment(probe.environment),
    })
    return { name: hop, pid }
  }
  const hops = [
    await start('outward', {
      is: 'outward',
      port: ports.federatorOutward,
      to: ports.ingress,
      otherHost: HOSTS.ingress,
    }),
    await start('ingress and inward', {
      is: 'ingress',
      port: ports.ingress,
      to: responder.port,
      otherHost: HOSTS.outward,
    }),
  ]
  return {
    name: 'naive',
    port: ports.federatorOutward,
    origin: NAIVE_SITE,
    domain: NAIVE_SITE,
    hops,
    tlsPort: ports.ingress,
    handshakes: () => probe.count('handshakes'),
    certificatesParsed: () => probe.count('certificates parsed'),
  }
}
