/** A real authoritative name server for one test run: Knot, or BIND where that is what the machine has. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Zone, ZoneRecord } from '#src/world/dns-zone.ts'
import { findExecutable } from '#src/world/executables.ts'
import { Missing, startService, temporaryDirectory } from './service.ts'

export interface RealDns extends AsyncDisposable {
  /** `knot` or `bind9`, for the summary of a test run. */
  readonly software: string
  readonly host: string
  readonly port: number
}

interface DnsPlan {
  readonly zones: readonly Zone[]
  readonly port: number
  /** Default: whichever the machine has. */
  readonly software?: 'knot' | 'bind9'
}

/** Throws {@link Missing} where neither is installed. */
export async function startRealDns({ zones, port, software }: DnsPlan): Promise<RealDns> {
  const knotd = software === 'bind9' ? undefined : await findExecutable('knotd')
  const chosen = knotd ?? (software === 'knot' ? undefined : await findExecutable('named'))
  if (chosen === undefined) throw new Missing('a DNS server (Knot or BIND)', 'knot')

  await using started = new AsyncDisposableStack()
  const directory = started.use(await temporaryDirectory('dns'))
  for (const zone of zones) await writeFile(join(directory.path, `${zone.origin}.zone`), zoneFile(zone))
  const server = chosen === knotd ? knot(directory.path, { zones, port }) : bind(directory.path, { zones, port })
  const configFile = join(directory.path, 'server.conf')
  await writeFile(configFile, server.config)
  started.use(
    await startService({
      name: server.software,
      command: chosen,
      args: server.args(configFile),
      directory: directory.path,
      isReady: server.isReady,
    }),
  )
  const running = started.move()
  return { software: server.software, host: '127.0.0.1', port, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** RFC 1035 §5 master file. */
export function zoneFile({ origin, records, negativeTtl = 60 }: Zone): string {
  const soa = `@ ${negativeTtl} IN SOA ns.${origin}. hostmaster.${origin}. 1 3600 600 86400 ${negativeTtl}`
  const lines = [`$ORIGIN ${origin}.`, soa, '@ 60 IN NS ns', 'ns 60 IN A 127.0.0.1', ...records.map(recordLine)]
  return `${lines.join('\n')}\n`
}

function recordLine(record: ZoneRecord): string {
  const start = `${record.name}. ${record.ttl ?? 60} IN ${record.type}`
  switch (record.type) {
    case 'SRV':
      return `${start} ${record.priority ?? 0} ${record.weight ?? 10} ${record.port} ${absolute(record.target)}`
    case 'CNAME':
      return `${start} ${absolute(record.target)}`
    case 'A':
    case 'AAAA':
      return `${start} ${record.address}`
  }
}

const absolute = (name: string): string => (name.endsWith('.') ? name : `${name}.`)

function knot(directory: string, { zones, port }: DnsPlan) {
  const zone = ({ origin }: Zone) => `  - domain: ${origin}\n    file: "${directory}/${origin}.zone"\n`
  return {
    software: 'knot',
    config: `server:
    rundir: "${directory}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "${directory}"
log:
  - target: stdout
    any: info
zone:
${zones.map(zone).join('')}`,
    args: (config: string) => ['-c', config],
    isReady: (log: string) =>
      log.includes('server started') && zones.every(({ origin }) => log.includes(`[${origin}.] loaded`)),
  }
}

function bind(directory: string, { zones, port }: DnsPlan) {
  const zone = ({ origin }: Zone) => `zone "${origin}" { type primary; file "${directory}/${origin}.zone"; };\n`
  return {
    software: 'bind9',
    config: `options {
  directory "${directory}";
  pid-file "${directory}/named.pid";
  session-keyfile "${directory}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  notify no;
};
controls {};
${zones.map(zone).join('')}`,
    args: (config: string) => ['-g', '-n', '1', '-c', config],
    isReady: (log: string) => log.includes('running') && log.includes('all zones loaded'),
  }
}
