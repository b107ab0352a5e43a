/**
 * The federator: one service with two sides. Outward it calls other backends for our components, inward it receives
 * what an ingress lets through. Both share what is known about names, so that a domain means the same both ways.
 */
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { noTracer, type Tracer } from '#src/kit/tracing.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import { contextOf } from './channel/tls.ts'
import { createPeerGates } from './channel/gates.ts'
import { componentCaller, type Components } from './components.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import type { DnsServerAddress } from './dns/exchange.ts'
import { systemResolvers } from './dns/resolv-conf.ts'
import { createResolver } from './dns/resolver.ts'
import { createExpulsion } from './expulsion.ts'
import { listenPlain, type PlainAddress, type PlainListener } from './http1.ts'
import { createIdentities, type Identities } from './identity.ts'
import { createInward, type HandleInward } from './inward.ts'
import { serveInward } from './inward-listener.ts'
import { createMetrics, type FederationMetrics } from './metrics.ts'
import { createOutward, type OutwardService } from './outward.ts'
import { serveOutward } from './outward-listener.ts'
import { createPeerAddresses, type PeerAddressRules } from './peer-addresses.ts'
import type { RemotesProvider } from './policy.ts'
import { timing, withStatus } from './status.ts'
import type { TlsFiles } from './tls-material.ts'
import { followTls } from './tls-reload.ts'

export interface FederatorConfig {
  readonly domain: Domain
  readonly outward: PlainAddress
  readonly inward: PlainAddress
  /** By which the inward side knows our ingress. */
  readonly ingressSecret: string
  /** How we appear to, and verify, the peers we call. */
  readonly tls: TlsFiles
  readonly dns: {
    /** Default: those of the system. */
    readonly servers?: readonly DnsServerAddress[] | undefined
    /** For one try of one resolver. */
    readonly timeoutMs: number
    /** For one lookup with all its tries. */
    readonly lookupTimeoutMs: number
  }
  readonly peerAddresses: PeerAddressRules
  /** To connect to a peer once its addresses are known: TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** Until a peer begins to answer. */
  readonly headersTimeoutMs: number
  /** Between two pieces of an answer. */
  readonly bodyIdleTimeoutMs: number
  /** Requests to one peer that wait or are under way. */
  readonly peerRequestsMax: number
}

export interface FederatorNeeds {
  readonly config: FederatorConfig
  readonly remotes: RemotesProvider
  readonly components: Components
  /** Default: nobody traces. */
  readonly tracer?: Tracer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Federator extends AsyncDisposable {
  readonly outward: { readonly transport: FederatorTransport; readonly listener: PlainListener }
  readonly inward: { readonly handle: HandleInward; readonly listener: PlainListener }
}

export const startFederator = async (needs: FederatorNeeds): Promise<Federator> => {
  const { config, clock, log, tracer = noTracer } = needs
  const tls = await followTls({ files: config.tls, owner: 'federator', adopt: (next) => contextOf(next), clock, log })
  const metrics = createMetrics()
  const discovery = await discoveryOf(needs, metrics)
  const expulsion = createExpulsion(needs)
  const { isAllowed } = expulsion
  const identities = createIdentities(clock, metrics.certificate)
  const gates = createPeerGates({ ...needs, peerRequestsMax: config.peerRequestsMax })
  const outward = createOutward({
    ...needs,
    isAllowed,
    discovery,
    peerAddresses: createPeerAddresses(config.peerAddresses),
    metrics,
    tls: tls.current,
    connectTimeoutMs: config.connectTimeoutMs,
    headersTimeoutMs: config.headersTimeoutMs,
    bodyIdleTimeoutMs: config.bodyIdleTimeoutMs,
    gates,
    tracer,
  })
  expulsion.watch(outward.sessions)
  metrics.watch(outward.channels)
  const callComponent = componentCaller(needs.components)
  const handle = createInward({
    ...needs,
    ownDomain: config.domain,
    isAllowed,
    discovery,
    metrics,
    callComponent,
    tracer,
    onHeard: gates.heard,
  })
  const listeners = await listenBoth({ config, outward, handle, identities, metrics, clock, log })
  return {
    outward: { transport: outward.transport, listener: listeners.outward },
    inward: { handle, listener: listeners.inward },
    [Symbol.asyncDispose]: async () => {
      // First nobody can ask any more, then what was asked is finished.
      await Promise.all([listeners.outward[Symbol.asyncDispose](), listeners.inward[Symbol.asyncDispose]()])
      expulsion[Symbol.dispose]()
      await outward[Symbol.asyncDispose]()
      await tls[Symbol.asyncDispose]()
    },
  }
}

const discoveryOf = async (
  { config, clock, random }: FederatorNeeds,
  metrics: FederationMetrics,
): Promise<Discovery> => {
  const servers = config.dns.servers ?? (await systemResolvers())
  return createDiscovery(createResolver({ ...config.dns, servers, clock, random, onLookup: metrics.lookup }))
}

interface ListenParts {
  readonly config: FederatorConfig
  readonly outward: OutwardService
  readonly handle: HandleInward
  readonly identities: Identities
  readonly metrics: FederationMetrics
  readonly clock: Clock
  readonly log: Log
}

const listenBoth = async ({ config, outward, handle, identities, metrics, clock, log }: ListenParts) => {
  const timed = timing(metrics, clock)
  const urls = { outward: '', inward: '' }
  const toOutward = serveOutward(outward, log)
  const toInward = serveInward({ handle, identities, secret: config.ingressSecret, log })
  const outwardListener = await listenPlain({
    ...config.outward,
    clock,
    serve: withStatus({ metrics, other: () => ({ name: 'inward', url: urls.inward }) }, timed('/rpc', toOutward)),
  })
  const inwardListener = await listenPlain({
    ...config.inward,
    clock,
    serve: withStatus(
      { metrics, other: () => ({ name: 'outward', url: urls.outward }) },
      timed('/federation', toInward),
    ),
  })
  urls.outward = outwardListener.url
  urls.inward = inwardListener.url
  return { outward: outwardListener, inward: inwardListener }
}
