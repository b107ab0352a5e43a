/**
 * What all chains of one run stand on: a directory that goes away, an authority, DNS, free ports, and the processes
 * that were started. Everything is on loopback.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority } from '#src/world/authority.ts'
import { type CredentialFiles, writeCredential } from '#src/world/credential-files.ts'
import { startDnsServer } from '#src/world/dns-server.ts'
import { worldLayout, type WorldLayout } from '#src/world/layout.ts'
import {
  describeEnding,
  lastLines,
  type ManagedProcess,
  type ProcessPlan,
  startProcess,
} from '#src/world/managed-process.ts'
import { type BackendPorts, choosePorts, LOOPBACK } from '#src/world/ports.ts'
import type { TransportOptions } from './options.ts'

export interface Ground extends AsyncDisposable {
  readonly options: TransportOptions
  readonly layout: WorldLayout
  readonly dns: { readonly host: string; readonly port: number }
  /** Each site has ports of its own; a chain that is no backend uses those it needs. */
  portsOf(site: string): BackendPorts
  /** A directory, made when it is first asked for. */
  directoryOf(site: string): Promise<string>
  /** A certificate for both directions that names this host. */
  certify(directory: string, host: string): Promise<CredentialFiles>
  /** Makes DNS say that the backend `domain` is reached at these hosts, which are all this machine. */
  announce(domain: string, hosts: readonly string[], port: number): void
  start(plan: ProcessPlan): Promise<ManagedProcess>
}

export interface GroundPlan {
  readonly options: TransportOptions
  /** Who gets ports. */
  readonly sites: readonly string[]
  /** A process ended that nobody had asked to. */
  readonly onDeath: (reason: Error) => void
}

export const startGround = async ({ options, sites, onDeath }: GroundPlan): Promise<Ground> => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'comity-bench-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const layout = worldLayout(directory)
  const authority = await createAuthority('Benchmark Authority', systemClock)
  await mkdir(layout.authorityDirectory)
  await writeFile(layout.authorityFile, authority.certificatePem)
  const ports = await choosePorts(sites)
  const dns = stack.use(await startDnsServer({ port: ports.dns }))
  const processes: ManagedProcess[] = []
  stack.defer(async () => void (await Promise.all(processes.map((each) => each.stop()))))
  const owned = stack.move()
  return {
    options,
    layout,
    dns,
    portsOf: (site) => {
      const found = ports.backends[site]
      if (!found) throw new Error(`${site} has no ports`)
      return found
    },
    directoryOf: async (site) => {
      const made = join(directory, site)
      await mkdir(made, { recursive: true })
      return made
    },
    certify: async (where, host) => writeCredential(where, 'federator', await authority.issue({ dnsNames: [host] })),
    announce: (domain, hosts, port) =>
      dns.setZone({
        origin: domain,
        records: hosts.flatMap((host) => [
          { type: 'SRV', name: `_wire-server-federator._tcp.${domain}`, port, target: host },
          { type: 'A', name: host, address: LOOPBACK },
        ]),
      }),
    start: async (plan) => {
      const started = await startProcess(plan, systemClock)
      processes.push(started)
      void tellDeath(started, onDeath)
      return started
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const tellDeath = async (started: ManagedProcess, onDeath: GroundPlan['onDeath']): Promise<void> => {
  const ending = await started.ended
  if (!ending.isUnexpected) return
  const ends = `${started.name} ended ${describeEnding(ending)}`
  onDeath(new Error(`${ends}; its log ends with:\n${await lastLines(started)}`))
}
