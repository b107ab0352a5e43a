/**
 * Two federated XMPP servers of one kind, as a measure: chat messages from user to user, federated over mutually
 * verified TLS, stored by nobody. Names exist only inside the servers' own mount namespaces, so that nothing of the
 * machine is changed; that needs root.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#src/kit/clock.ts'
import { type Authority, createAuthority } from '#src/world/authority.ts'
import { writeCredential } from '#src/world/credential-files.ts'
import { findExecutable } from '#src/world/executables.ts'
import { type ManagedProcess, startProcess } from '#src/world/managed-process.ts'
import { cpuSecondsOf } from '../transport/cpu.ts'
import type { Contestant } from './contestant.ts'
import { XmppClient } from './xmpp-client.ts'
import { ejabberdConfig, erlangNames, prosodyConfig, type XmppSite } from './xmpp-config.ts'
import { runXmppLoad } from './xmpp-load.ts'

export type XmppSoftware = 'prosody' | 'ejabberd'

/** Both kinds run at the same time, so each has addresses of its own. */
const NETS: Readonly<Record<XmppSoftware, string>> = { prosody: '127.0.77', ejabberd: '127.0.78' }

interface Site {
  readonly domain: string
  readonly host: string
}

const dnsHostOf = (software: XmppSoftware): string => `${NETS[software]}.1`

const sitesOf = (software: XmppSoftware): readonly Site[] => [
  { domain: 'a.bench.example', host: `${NETS[software]}.2` },
  { domain: 'b.bench.example', host: `${NETS[software]}.3` },
]
const RETRIES_MAX = 60
const RETRY_MS = 500

/** Why it cannot be measured here; undefined when it can. */
export const whyNot = async (software: XmppSoftware): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return `${software} is left out: mount namespaces and port 53 need root`
  const needed = { prosody: 'prosody', ejabberd: 'ejabberdctl' }[software]
  if ((await findExecutable(needed, ['/usr/sbin', '/sbin'])) === undefined)
    return `${software} is not installed (Debian: apt-get install --no-install-recommends ${software} lua-sec lua-unbound)`
  return (await findExecutable('dnsmasq', ['/usr/sbin', '/sbin'])) === undefined
    ? `${software} is left out: dnsmasq is not installed (Debian: apt-get install dnsmasq-base)`
    : undefined
}

export const startXmpp = async (software: XmppSoftware, pairsMax: number): Promise<Contestant> => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'comity-xmpp-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  await chmod(directory, 0o755)
  const sites = sitesOf(software)
  const names = await writeNames(directory, software)
  const authority = await createAuthority('Benchmark Authority', systemClock)
  await writeFile(join(directory, 'authority.pem'), authority.certificatePem)
  const start = async (name: string, command: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const started = await startInNamespace({ directory, names, name, command, environment })
    stack.defer(() => started.stop({ kill: true }))
    return started
  }
  await start('dnsmasq', dnsmasq(software))
  const servers: ManagedProcess[] = []
  for (const site of sites) {
    const prepared = await prepareSite(directory, authority, site)
    const { command, environment } = await STARTS[software](prepared, names)
    servers.push(await start(site.domain, command, environment))
  }
  const pairs = await signIn(sites, pairsMax)
  for (const { from, to } of pairs) {
    stack.use(from)
    stack.use(to)
  }
  // The first message makes the servers connect to each other; not all can wait for that.
  await runXmppLoad(pairs.slice(0, 1), { inFlight: 1, seconds: 0.2 })
  const owned = stack.move()
  return {
    name: software,
    cpuSeconds: async () => {
      const [sending, receiving] = await Promise.all(servers.map(({ pid }) => cpuSecondsOf(pid)))
      return { 'sending server': sending ?? 0, 'receiving server': receiving ?? 0 }
    },
    run: (load, seconds) => runXmppLoad(pairs.slice(0, load.pairs), { inFlight: load.inFlight, seconds }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Names {
  readonly hostsFile: string
  readonly resolverFile: string
}

const writeNames = async (directory: string, software: XmppSoftware): Promise<Names> => {
  const names = { hostsFile: join(directory, 'hosts'), resolverFile: join(directory, 'resolv.conf') }
  const lines = sitesOf(software).map(({ host, domain }) => `${host} ${domain}\n`)
  await writeFile(names.hostsFile, `127.0.0.1 localhost\n${lines.join('')}`)
  await writeFile(names.resolverFile, `nameserver ${dnsHostOf(software)}\n`)
  return names
}

const dnsmasq = (software: XmppSoftware): string[] =>
  [
    'dnsmasq -k -C /dev/null --no-resolv --no-hosts -u root --pid-file=',
    `--listen-address=${dnsHostOf(software)} --bind-interfaces --local-ttl=600 --local=/bench.example/`,
    ...sitesOf(software).map(
      ({ domain, host }) => `--host-record=${domain},${host} --srv-host=_xmpp-server._tcp.${domain},${domain},5269`,
    ),
  ].flatMap((words) => words.split(' '))

const prepareSite = async (directory: string, authority: Authority, { domain, host }: Site): Promise<XmppSite> => {
  const own = join(directory, domain)
  for (const folder of ['data', 'certs']) await mkdir(join(own, folder), { recursive: true })
  const credential = await authority.issue({ dnsNames: [domain] })
  const { certificateFile, keyFile } = await writeCredential(own, 'server', credential)
  const bundleFile = join(own, 'bundle.pem')
  await writeFile(bundleFile, `${credential.chainPem}${credential.keyPem}`)
  return {
    domain,
    host,
    directory: own,
    keyFile,
    certificateFile,
    bundleFile,
    authorityFile: join(directory, 'authority.pem'),
  }
}

interface Start {
  readonly command: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

const STARTS: Readonly<Record<XmppSoftware, (site: XmppSite, names: Names) => Promise<Start>>> = {
  prosody: async (site) => {
    const config = join(site.directory, 'prosody.cfg.lua')
    await writeFile(config, prosodyConfig(site))
    return { command: ['prosody', '-F', '--config', config] }
  },
  ejabberd: async (site, { hostsFile, resolverFile }) => {
    const file = (name: string): string => join(site.directory, name)
    await writeFile(file('ejabberd.yml'), ejabberdConfig(site))
    await writeFile(file('inetrc'), erlangNames(hostsFile, resolverFile))
    // Without Erlang's busy waiting, so that its CPU time means work.
    const quiet = ['+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none']
    return {
      command: ['erl', '+K', 'true', ...quiet, '-noinput', '-mnesia', 'dir', `"${file('data')}"`, '-s', 'ejabberd'],
      environment: {
        EJABBERD_CONFIG_PATH: file('ejabberd.yml'),
        EJABBERD_LOG_PATH: file('log'),
        ERL_LIBS: '/usr/lib/x86_64-linux-gnu',
        ERL_INETRC: file('inetrc'),
        ERL_CRASH_DUMP: file('crash'),
        HOME: site.directory,
      },
    }
  },
}

interface InNamespace {
  readonly directory: string
  readonly names: Names
  readonly name: string
  readonly command: readonly string[]
  readonly environment: NodeJS.ProcessEnv
}

const startInNamespace = ({ directory, names, name, command, environment }: InNamespace): Promise<ManagedProcess> => {
  const bind = `mount --bind ${names.hostsFile} /etc/hosts && mount --bind ${names.resolverFile} "$(readlink -f /etc/resolv.conf)"`
  const args = ['-m', 'sh', '-c', `${bind} && exec "$@"`, 'sh', ...command]
  const logFile = join(directory, `${name}.log`)
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, ...environment }
  // They say nothing when they are ready: whoever signs in tries again until they are.
  return startProcess({ name, command: 'unshare', args, logFile, isReady: () => true, env }, systemClock)
}

export interface XmppPair {
  readonly from: XmppClient
  readonly to: XmppClient
}

const signIn = async (sites: readonly Site[], count: number): Promise<XmppPair[]> => {
  const pairs: XmppPair[] = []
  for (let index = 0; index < count; index += 1) {
    const accounts = sites.map((site) => ({ ...site, user: `u${index}`, password: 'password' }))
    const [from, to] = await Promise.all(
      accounts.map(async (account) => {
        await untilItWorks(() => XmppClient.register(account))
        return untilItWorks(() => XmppClient.logIn(account))
      }),
    )
    if (from && to) pairs.push({ from, to })
  }
  return pairs
}

const untilItWorks = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === RETRIES_MAX) throw error
      await systemClock.sleep(RETRY_MS)
    }
  }
}
