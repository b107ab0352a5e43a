/** Two real backends, of which only the roles run that a request passes; their components are the responder. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Role } from '#src/config.ts'
import { nodeEnvironment, type BackendPlan } from '#src/world/backend.ts'
import { backendConfig, yaml } from '#src/world/backend-config.ts'
import type { ManagedProcess } from '#src/world/managed-process.ts'
import { nginxProcess } from '#src/world/nginx.ts'
import { LOOPBACK } from '#src/world/ports.ts'
import { systemClock } from '#src/kit/clock.ts'
import type { Chain, Hop } from './chain.ts'
import type { Ground } from './ground.ts'
import { NODE_ARGUMENTS, type Probe, startProbe } from './probe-counter.ts'
import type { Responder } from './responder.ts'

export const COMITY_CHAINS = ['comity', 'comity-apart', 'comity-nginx'] as const
export type ComityChainName = (typeof COMITY_CHAINS)[number]

export const sitesOf = (name: ComityChainName) => ({ asking: `a.${name}.test`, asked: `b.${name}.test` })

export const startComityChain = async (ground: Ground, responder: Responder, name: ComityChainName): Promise<Chain> => {
  const { asking, asked } = sitesOf(name)
  const a = await prepareBackend(ground, responder, asking)
  const b = await prepareBackend(ground, responder, asked)
  const probe = await startProbe(join(ground.layout.directory, `${name}.probe`))
  const start = async (of: Prepared, hop: string, roles: readonly Role[]): Promise<Hop> => {
    const { pid } = await startRoles({ ground, of, roles, name: `${name} ${hop}`, probe })
    return { name: hop, pid }
  }
  const hops = [await start(a, 'outward', ['federator']), ...(await RECEIVING[name]({ ground, backend: b, start }))]
  return {
    name,
    port: a.plan.ports.federatorOutward,
    origin: asking,
    domain: asked,
    hops,
    tlsPort: b.plan.ports.ingress,
    ...(name !== 'comity-nginx' && { handshakes: () => probe.count('handshakes') }),
    certificatesParsed: () => probe.count('certificates parsed'),
  }
}

interface Receiving {
  readonly ground: Ground
  readonly backend: Prepared
  readonly start: (of: Prepared, hop: string, roles: readonly Role[]) => Promise<Hop>
}

const RECEIVING: Readonly<Record<ComityChainName, (needs: Receiving) => Promise<readonly Hop[]>>> = {
  comity: async ({ backend, start }) => [await start(backend, 'ingress and inward', ['ingress', 'federator'])],
  'comity-apart': async ({ backend, start }) => [
    await start(backend, 'ingress', ['ingress']),
    await start(backend, 'inward', ['federator']),
  ],
  'comity-nginx': async ({ ground, backend, start }) => {
    const nginx = await ground.start(await nginxProcess(backend.plan))
    return [{ name: 'ingress', pid: nginx.pid }, await start(backend, 'inward', ['federator'])]
  },
}

interface Prepared {
  readonly plan: BackendPlan
}

const prepareBackend = async (ground: Ground, responder: Responder, domain: string): Promise<Prepared> => {
  const backend = ground.layout.backend(domain)
  const ports = ground.portsOf(domain)
  const plan: BackendPlan = {
    backend,
    ports,
    remotes: [],
    dns: { host: ground.dns.host, port: ground.dns.port },
    authorityFile: ground.layout.authorityFile,
    databaseUrl: undefined,
    ingress: 'builtin',
    roles: 'apart',
    clock: systemClock,
    onDeath: () => undefined,
  }
  await mkdir(backend.dataDirectory, { recursive: true })
  await ground.certify(backend.directory, backend.infraDomain)
  ground.announce(domain, [backend.infraDomain], ports.ingress)
  await writeFile(backend.configFile, yaml(asOperated(plan, responder.port)))
  return { plan }
}

/** As an operator would have it: without the switches for trying things. */
const asOperated = (plan: BackendPlan, responderPort: number): object => {
  const config = backendConfig(plan)
  const component = { host: LOOPBACK, port: responderPort }
  return {
    ...config,
    listen: { ...config.listen, brig: component, galley: component, cargohold: component },
    development: { traceHops: false },
  }
}

const MAIN = join(import.meta.dirname, '../../src/main.ts')

interface RolesToStart {
  readonly ground: Ground
  readonly of: Prepared
  readonly roles: readonly Role[]
  readonly name: string
  readonly probe: Probe
}

const startRoles = ({ ground, of, roles, name, probe }: RolesToStart): Promise<ManagedProcess> => {
  const { backend } = of.plan
  const { profile } = ground.options
  const profiling =
    profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile, '--cpu-prof-name', profileName(name)]
  return ground.start({
    name,
    command: process.execPath,
    args: [...profiling, ...NODE_ARGUMENTS, MAIN, 'serve', '--config', backend.configFile, '--role', roles.join(',')],
    logFile: backend.logFile(roles.join('-')),
    isReady: (log) => log.includes('"msg":"ready"'),
    env: nodeEnvironment(probe.environment),
  })
}

export const profileName = (name: string): string => `${name.replaceAll(' ', '-')}.cpuprofile`
