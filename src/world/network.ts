/**
 * Several backends that know each other: authority, DNS and one or more processes each. `npm start`, the stories,
 * the benchmarks and the hostile tests all stand on this; there is no second harness.
 */
import { mkdir } from 'node:fs/promises'
import type { Clock } from '#src/kit/clock.ts'
import { type Arrangement, Backend, type IngressKind } from './backend.ts'
import type { DnsServerOptions } from './dns-server.ts'
import type { Zone } from './dns-zone.ts'
import type { WorldLayout } from './layout.ts'
import type { Ending, ManagedProcess } from './managed-process.ts'
import { LOOPBACK, type Ports, portsInUse } from './ports.ts'
import { ensureCredentials } from './world-authority.ts'

export interface DnsHandle extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export interface NetworkPlan {
  readonly layout: WorldLayout
  readonly domains: readonly string[]
  /** Others with a name in DNS and a certificate, but without a backend: a test plays them. */
  readonly played?: Played
  readonly ports: Ports
  readonly ingress: IngressKind
  readonly roles: Arrangement
  readonly databaseUrl: (domain: string) => string | undefined
  /** Sections of every backend's configuration. */
  readonly settings?: object | undefined
  /** Default: our own server in this process. */
  readonly startDns?: (options: Required<Pick<DnsServerOptions, 'zones' | 'port'>>) => Promise<DnsHandle>
  readonly isMeasured?: boolean
  readonly nodeArguments?: readonly string[]
  readonly clock: Clock
  readonly onDeath: (process: ManagedProcess, ending: Ending) => void
}

export interface Played {
  /** The backends federate with these. */
  readonly known: readonly string[]
  /** And not with these. */
  readonly strangers: readonly string[]
}

export const NOBODY: Played = { known: [], strangers: [] }

export interface Network extends AsyncDisposable {
  readonly layout: WorldLayout
  readonly ports: Ports
  readonly dns: DnsHandle
  readonly backends: readonly Backend[]
  backend(domain: string): Backend
}

/** Everything is up when it returns, or nothing is left running. */
export async function startNetwork(plan: NetworkPlan): Promise<Network> {
  if (plan.ingress === 'nginx') await (await import('./nginx.ts')).requireNginx()
  const { domains, played = NOBODY } = plan
  const everybody = [...domains, ...played.known, ...played.strangers]
  const taken = await portsInUse({ ...plan.ports, backends: pick(plan.ports.backends, everybody) })
  if (taken.length > 0) throw new PortsTaken(taken)
  await mkdir(plan.layout.directory, { recursive: true })
  await ensureCredentials(plan.layout, everybody, plan.clock)

  await using started = new AsyncDisposableStack()
  const startDns = plan.startDns ?? ownDns
  const dns = started.use(
    await startDns({ zones: everybody.map((domain) => zoneOf(plan, domain)), port: plan.ports.dns }),
  )
  const backends = domains.map((domain) => backendOf(plan, dns, domain))
  started.defer(async () => void (await Promise.all(backends.map((backend) => backend.stop()))))
  const outcomes = await Promise.allSettled(backends.map((backend) => backend.start()))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason

  const running = started.move()
  return {
    layout: plan.layout,
    ports: plan.ports,
    dns,
    backends,
    backend: (domain) => {
      const found = backends.find((backend) => backend.domain === domain)
      if (!found) throw new Error(`there is no backend ${domain}; there are ${domains.join(', ')}`)
      return found
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

export class PortsTaken extends Error {
  constructor(taken: readonly string[]) {
    super(`something else listens on port ${taken.join(', ')}`)
    this.name = 'PortsTaken'
  }
}

/** federation-transport §7: the service of the backend domain, and the address of its target. */
export function zoneOf({ layout, ports }: Pick<NetworkPlan, 'layout' | 'ports'>, domain: string): Zone {
  const { infraDomain } = layout.backend(domain)
  return {
    origin: domain,
    records: [
      {
        name: `_wire-server-federator._tcp.${domain}`,
        type: 'SRV',
        port: portsOf(ports, domain).ingress,
        target: infraDomain,
      },
      { name: infraDomain, type: 'A', address: LOOPBACK },
    ],
  }
}

async function ownDns(options: DnsServerOptions): Promise<DnsHandle> {
  const { startDnsServer } = await import('./dns-server.ts')
  return startDnsServer(options)
}

function backendOf(plan: NetworkPlan, dns: DnsHandle, domain: string): Backend {
  return new Backend({
    backend: plan.layout.backend(domain),
    ports: portsOf(plan.ports, domain),
    remotes: [...plan.domains, ...(plan.played ?? NOBODY).known].filter((other) => other !== domain),
    dns: { host: dns.host, port: dns.port },
    authorityFile: plan.layout.authorityFile,
    databaseUrl: plan.databaseUrl(domain),
    settings: plan.settings,
    ingress: plan.ingress,
    roles: plan.roles,
    ...(plan.isMeasured && { isMeasured: true }),
    ...(plan.nodeArguments && { nodeArguments: plan.nodeArguments }),
    clock: plan.clock,
    onDeath: plan.onDeath,
  })
}

function portsOf(ports: Ports, domain: string) {
  const found = ports.backends[domain]
  if (!found) throw new Error(`no ports were chosen for ${domain}`)
  return found
}

function pick<T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.includes(key)))
}
