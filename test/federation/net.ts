/** A small internet for tests of the transport: one authority, one DNS server, federators with fake components. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Domain } from '#src/contract/ids.ts'
import { type Federator, startFederator } from '#src/federation/federator.ts'
import { forwardTo } from '#src/federation/ingress/forward.ts'
import { ensureIngressSecret, writeNginxInclude } from '#src/federation/ingress-secret.ts'
import { startIngress } from '#src/federation/ingress.ts'
import type { KnownRemotes } from '#src/federation/policy.ts'
import { systemClock } from '#src/kit/clock.ts'
import { type Log, nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import type { Tracer } from '#src/kit/tracing.ts'
import { type Authority, type CertificateRequest, createAuthority, type Credential } from '#src/world/authority.ts'
import { type CredentialFiles, writeCredential } from '#src/world/credential-files.ts'
import { type DnsServer, startDnsServer } from '#src/world/dns-server.ts'
import type { ZoneRecord } from '#src/world/dns-zone.ts'
import { type FakeComponents, fakeComponents } from './fake-component.ts'
import { startNginx } from './nginx.ts'

/** Built-in in the federator's process, built-in in another one, or nginx. */
export type IngressKind = 'builtin' | 'split' | 'nginx'

export interface BackendPlan {
  readonly domain: string
  readonly ingress?: IngressKind
  /** What the backend's own certificate shall say; by default its infrastructure domain. */
  readonly certificate?: CertificateRequest
  /** Shown instead of a certificate of the net's authority. */
  readonly credential?: Credential
  readonly verifyDepth?: number
  readonly clientCertificates?: 'strict' | 'compat'
  readonly remotes?: KnownRemotes
  readonly allowedAddresses?: readonly string[]
  readonly connectTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly bodyIdleTimeoutMs?: number
  readonly peerRequestsMax?: number
  readonly log?: Log
  readonly tracer?: Tracer
}

export interface TestBackend {
  readonly domain: Domain
  readonly infraDomain: string
  readonly ingress: { readonly host: string; readonly port: number }
  readonly federator: Federator
  readonly ingressSecret: string
  readonly components: FakeComponents
  readonly credential: Credential
  /** Of the ingress and of the federator, which share them. */
  readonly files: CredentialFiles
  remotes: KnownRemotes
}

export interface Net extends AsyncDisposable {
  readonly authority: Authority
  readonly dns: DnsServer
  readonly directory: string
  /** Publishes `_wire-server-federator._tcp.{domain}` with these targets, and the address of each of their hosts. */
  publish(
    domain: string,
    targets: readonly { host: string; port: number; priority?: number }[],
    more?: readonly ZoneRecord[],
  ): void
  /** A backend whose DNS records point to its own ingress. */
  start(plan: BackendPlan): Promise<TestBackend>
}

export const ALLOW_ALL: KnownRemotes = { strategy: 'allowAll', remotes: [] }

export const startNet = async (): Promise<Net> => {
  const stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'comity-federation-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const authority = await createAuthority('Test Authority', systemClock)
  await writeFile(join(directory, 'ca.pem'), authority.certificatePem)
  const dns = stack.use(await startDnsServer())
  const net: Net = {
    authority,
    dns,
    directory,
    publish: (domain, targets, more = []) => publish(dns, { domain, targets, more }),
    start: (plan) => startBackend(plan, net, stack),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  return net
}

interface Publication {
  readonly domain: string
  readonly targets: readonly { readonly host: string; readonly port: number; readonly priority?: number }[]
  readonly more: readonly ZoneRecord[]
}

const publish = (dns: DnsServer, { domain, targets, more }: Publication): void => {
  const name = `_wire-server-federator._tcp.${domain}`
  const services = targets.map(({ host, port, priority = 0 }): ZoneRecord => ({
    type: 'SRV',
    name,
    port,
    priority,
    target: host,
    ttl: 0,
  }))
  dns.setZone({ origin: domain, records: [...services, ...more], negativeTtl: 0 })
  for (const { host } of targets) {
    const origin = host.replace(/\.$/, '')
    if (origin !== '' && origin !== domain)
      dns.setZone({ origin, records: [{ type: 'A', name: origin, address: '127.0.0.1' }], negativeTtl: 0 })
  }
}

const startBackend = async (plan: BackendPlan, net: Net, stack: AsyncDisposableStack): Promise<TestBackend> => {
  const domain = Domain.parse(plan.domain)
  const infraDomain = `federator.${domain}`
  const credential = plan.credential ?? (await net.authority.issue(plan.certificate ?? { dnsNames: [infraDomain] }))
  const directory = await mkdtemp(join(net.directory, `${domain}-`))
  const files = await writeCredential(directory, 'federator', credential)
  const ingressSecret = await ensureIngressSecret(join(directory, 'ingress-secret'), systemRandom)
  const components = fakeComponents()
  const backend = {
    domain,
    infraDomain,
    credential,
    files,
    ingressSecret,
    components,
    remotes: plan.remotes ?? ALLOW_ALL,
  }
  const federator = stack.use(
    await startFederator({
      config: {
        domain,
        outward: ANYWHERE,
        inward: ANYWHERE,
        ingressSecret,
        tls: {
          certificateFile: files.certificateFile,
          privateKeyFile: files.keyFile,
          caFile: join(net.directory, 'ca.pem'),
        },
        dns: { servers: [{ host: net.dns.host, port: net.dns.port }], timeoutMs: 1_000, lookupTimeoutMs: 8_000 },
        peerAddresses: { allowed: plan.allowedAddresses ?? ['loopback'], perRemote: [] },
        connectTimeoutMs: plan.connectTimeoutMs ?? 5_000,
        headersTimeoutMs: plan.headersTimeoutMs ?? 30_000,
        bodyIdleTimeoutMs: plan.bodyIdleTimeoutMs ?? 60_000,
        peerRequestsMax: plan.peerRequestsMax ?? 1_000,
      },
      remotes: async () => backend.remotes,
      components: components.transports,
      ...AMBIENT,
      log: plan.log ?? nullLog,
      ...(plan.tracer && { tracer: plan.tracer }),
    }),
  )
  const ingress = await startDoor({ plan, net, stack, federator, directory, infraDomain, files, ingressSecret })
  net.publish(domain, [{ host: infraDomain, port: ingress.port }])
  return Object.assign(backend, { ingress, federator })
}

const ANYWHERE = { host: '127.0.0.1', port: 0 }
const AMBIENT = { clock: systemClock, random: systemRandom, log: nullLog }

interface DoorParts {
  readonly plan: BackendPlan
  readonly net: Net
  readonly stack: AsyncDisposableStack
  readonly federator: Federator
  readonly directory: string
  readonly infraDomain: string
  readonly files: CredentialFiles
  readonly ingressSecret: string
}

const startDoor = async (parts: DoorParts): Promise<{ host: string; port: number }> => {
  const { plan, net, stack, federator, infraDomain, files, directory, ingressSecret } = parts
  const shared = {
    infraDomain,
    certificateFile: files.certificateFile,
    privateKeyFile: files.keyFile,
    clientCaFile: join(net.directory, 'ca.pem'),
    verifyDepth: plan.verifyDepth ?? 1,
    clientCertificates: plan.clientCertificates ?? 'strict',
  }
  if (plan.ingress === 'nginx') {
    const listen = { host: '127.0.0.1', port: await freePort() }
    const inward = federator.inward.listener
    const secretIncludeFile = await writeNginxInclude(join(directory, 'ingress-secret'), ingressSecret)
    stack.use(await startNginx({ ...shared, listen, inward, directory, secretIncludeFile }))
    return listen
  }
  const handle =
    plan.ingress === 'split'
      ? stack.use(forwardTo(federator.inward.listener.url, ingressSecret)).handle
      : federator.inward.handle
  return stack.use(
    await startIngress({ config: { ...shared, ...ANYWHERE }, handle, ...AMBIENT, log: plan.log ?? nullLog }),
  )
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
