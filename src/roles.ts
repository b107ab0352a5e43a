/**
 * Composition: which parts run in this process, and what each is handed. Together with main.ts the only file that
 * knows every part. A part in this process is reached in memory, any other over HTTP; the parts cannot tell.
 */
import { readFile } from 'node:fs/promises'
import type { Config, FederationConfig, Role } from '#src/config.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import type { RemoteConfigs } from '#src/contract/internal/remotes.ts'
import { type Federator, startFederator } from '#src/federation/federator.ts'
import { startIngress } from '#src/federation/ingress.ts'
import { forwardTo } from '#src/federation/ingress/forward.ts'
import { defaultIngressSecretFile, ensureIngressSecret } from '#src/federation/ingress-secret.ts'
import { startGateway } from '#src/gateway/gateway.ts'
import { tunnelTo } from '#src/gateway/tunnel.ts'
import { systemClock } from '#src/kit/clock.ts'
import { call } from '#src/kit/http/client.ts'
import { listen, type Listener } from '#src/kit/http/server.ts'
import type { Route } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { exportOtlp } from '#src/kit/otlp.ts'
import { systemRandom } from '#src/kit/random.ts'
import { traceHops } from '#src/kit/trace.ts'
import { createTracer, noTracer, type Tracer } from '#src/kit/tracing.ts'
import { startCourier } from '#src/queue/courier.ts'
import { outboxMigrations } from '#src/queue/outbox.ts'
import { lateBell } from '#src/queue/outbox-bell.ts'
import { federatorOverHttp } from '#src/rpc/federator-over-http.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import { type RemoteBackends, remoteBackends } from '#src/rpc/remote-backends.ts'
import { remoteStreams } from '#src/rpc/remote-streams.ts'
import { type Switchboard, switchboard } from '#src/rpc/switchboard.ts'
import { tracedDeliveries, tracedRoutes } from '#src/rpc/traced.ts'
import type { AcceptUpgrade } from '#src/rpc/upgrade.ts'
import { brigMigrations, startBrig } from '#src/services/brig/brig.ts'
import { startCargohold } from '#src/services/cargohold/cargohold.ts'
import { galleyMigrations, startGalley } from '#src/services/galley/galley.ts'
import { type Gundeck, startGundeck } from '#src/services/gundeck/gundeck.ts'
import type { NativePush } from '#src/services/gundeck/native-push.ts'
import { pushGateway } from '#src/services/gundeck/push-gateway.ts'
import { type Database, openDatabase } from '#src/storage/database.ts'

export interface Serving extends AsyncDisposable {
  /** Where this process listens, by listener. */
  readonly addresses: Readonly<Record<string, string>>
}

export interface ServeOptions {
  readonly config: Config
  readonly roles: readonly Role[]
  readonly log: Log
}

/** The parts that other parts call. */
type Part = 'brig' | 'galley' | 'cargohold' | 'gundeck' | 'courier'

const WITH_DATABASE: readonly Role[] = ['brig', 'galley', 'cargohold', 'gundeck', 'courier']

const clock = systemClock
const random = systemRandom

interface Shared {
  readonly config: Config
  readonly roles: readonly Role[]
  readonly log: Log
  readonly stack: AsyncDisposableStack
  readonly board: Switchboard<Part>
  readonly addresses: Record<string, string>
  readonly knownRemotes: LateRemotes
  readonly tracer: Tracer
  readonly bell: ReturnType<typeof lateBell>
}

/** Starts in the order in which parts need each other, and stops in the reverse: the front door closes first. */
export const serveRoles = async ({ config, roles, log }: ServeOptions): Promise<Serving> => {
  traceHops(config.development.traceHops)
  await using stack = new AsyncDisposableStack()
  const board = stack.use(
    switchboard<Part>({ isLocal: (part) => roles.includes(part), urlOf: (part) => urlOf(config.listen[part]) }),
  )
  const addresses: Record<string, string> = {}
  const shared: Shared = {
    config,
    roles,
    log,
    stack,
    board,
    addresses,
    knownRemotes: lateRemotes(board),
    tracer: tracerFor(config, { log, stack }),
    bell: lateBell(),
  }
  const database = WITH_DATABASE.some((role) => roles.includes(role)) ? await openFor(shared) : undefined

  const federator = lateFederator(shared)
  const gundeck = database && roles.includes('gundeck') ? await startGundeckHere(shared, database) : undefined
  if (database) await startServices(shared, database, federator.transport)
  const running = await startFederation(shared)
  federator.resolve(running?.outward.transport)
  if (database && roles.includes('courier')) await startQueue(shared, database, federator.transport)
  if (roles.includes('gateway')) await startFront(shared, gundeck?.acceptUpgrade)
  const owned = stack.move()
  return { addresses, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const tracerFor = (
  { domain, tracing: { otlpUrl: url, sampleRatio } }: Config,
  { log, stack }: Pick<Shared, 'log' | 'stack'>,
): Tracer => {
  if (url === undefined) return noTracer
  const { take } = stack.use(exportOtlp({ url, service: `comity ${domain}`, clock, log }))
  return createTracer({ onFinished: take, sampleRatio, clock, random })
}

const urlOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

const openFor = async ({ config, roles, log, stack }: Shared): Promise<Database> => {
  const isWhole = WITH_DATABASE.every((role) => roles.includes(role))
  if (config.database.url === undefined && !isWhole) {
    throw new Error(
      `${WITH_DATABASE.join(', ')} in different processes need PostgreSQL: the embedded database belongs to one ` +
        'process. Set DATABASE_URL or database.url, or run these roles together.',
    )
  }
  const { url, connectionsMax } = config.database
  return stack.use(
    await openDatabase({ ...(url !== undefined && { url }), connectionsMax, dataDirectory: config.dataDirectory, log }),
  )
}

interface LateRemotes {
  readonly ask: () => Promise<RemoteConfigs>
  /** Brig is in this process. */
  areHere(known: () => Promise<RemoteConfigs>): void
}

/**
 * Asks brig for every check, so that a change counts from the next request on. It remembers the answer itself, which crosses
 * as a value in one process; the policy sees to it that checks at the same time are one question.
 */
const lateRemotes = (board: Switchboard<Part>): LateRemotes => {
  let here: (() => Promise<RemoteConfigs>) | undefined
  const askBrig = async (): Promise<RemoteConfigs> =>
    (await call(board.transport('brig'), brigInternal['known-remotes'], {})).body
  return {
    ask: () => here?.() ?? askBrig(),
    areHere: (known) => {
      here = known
    },
  }
}

/** Our own federator, before it runs: services and federator need each other. */
const lateFederator = ({ config, roles, stack }: Shared) => {
  let local: FederatorTransport | undefined
  if (!config.federation) return { transport: undefined, resolve: () => {} }
  if (!roles.includes('federator')) {
    const transport = stack.use(federatorOverHttp(urlOf(config.listen.federatorOutward)))
    return { transport, resolve: () => {} }
  }
  const transport: FederatorTransport = {
    send: async (request) => {
      if (!local) throw new Error('the federator is not running yet')
      return local.send(request)
    },
  }
  return {
    transport,
    resolve: (started: FederatorTransport | undefined) => {
      local = started
    },
  }
}

interface Started extends AsyncDisposable {
  readonly routes: readonly Route[]
}

/** Makes a started part reachable, in memory for this process and on its internal address for others. */
const serve = async (
  { config, board, stack, addresses, tracer, log }: Shared,
  part: Part,
  started: Started,
): Promise<Listener> => {
  stack.use(started)
  const routes = tracedRoutes(part, started.routes, tracer)
  board.serve(part, routes)
  const listener = stack.use(await listen(routes, { ...config.listen[part], name: part, log }))
  addresses[part] = listener.url
  return listener
}

const startGundeckHere = async (shared: Shared, database: Database): Promise<Gundeck> => {
  const { board, config, log } = shared
  const nativePush = await pushGatewayOf(config)
  const gundeck = await startGundeck({ database, brig: board.transport('brig'), nativePush, clock, random, log })
  const listener = await serve(shared, 'gundeck', gundeck)
  shared.stack.use(gundeck.acceptUpgradesOn(listener.server))
  return gundeck
}

const pushGatewayOf = async ({ notifications: { nativePush } }: Config): Promise<NativePush | undefined> => {
  if (nativePush === undefined) return undefined
  const { gatewayUrl: url, secretFile } = nativePush
  return pushGateway({
    url,
    secret: secretFile === undefined ? undefined : (await readFile(secretFile, 'utf8')).trim(),
  })
}

const startServices = async (
  shared: Shared,
  database: Database,
  federator: FederatorTransport | undefined,
): Promise<void> => {
  const { config, roles, board, bell, log } = shared
  const remotes: RemoteBackends = remoteBackends({ ownDomain: config.domain, federator, clock })
  const needs = { config, database, remotes, clock, random, log }
  const brig = board.transport('brig')
  const galley = board.transport('galley')
  const gundeck = board.transport('gundeck')
  const courier = board.transport('courier')
  if (roles.includes('brig')) {
    const started = await startBrig({ ...needs, courier, galley })
    await serve(shared, 'brig', started)
    shared.knownRemotes.areHere(started.knownRemotes)
  }
  if (roles.includes('galley'))
    await serve(shared, 'galley', await startGalley({ ...needs, brig, gundeck, courier, bell }))
  if (roles.includes('cargohold')) {
    const streams = remoteStreams({ ownDomain: config.domain, federator })
    await serve(shared, 'cargohold', await startCargohold({ ...needs, brig, streams }))
  }
}

const startQueue = async (
  shared: Shared,
  database: Database,
  federator: FederatorTransport | undefined,
): Promise<void> => {
  const { config, board, knownRemotes, tracer, bell, log } = shared
  const courier = await startCourier({
    database,
    outboxes: [
      { service: 'brig', db: await database.schema('brig', brigMigrations, outboxMigrations) },
      { service: 'galley', db: await database.schema('galley', galleyMigrations, outboxMigrations) },
    ],
    federator: federator && tracedDeliveries(federator, tracer),
    locals: { brig: board.transport('brig'), galley: board.transport('galley'), gundeck: board.transport('gundeck') },
    ownDomain: config.domain,
    knownDomains: async () => (await knownRemotes.ask()).remotes.map((remote) => remote.domain),
    clock,
    random,
    log,
  })
  await serve(shared, 'courier', courier)
  bell.hang(courier.bell)
}

const startFederation = async (shared: Shared): Promise<Federator | undefined> => {
  const { config, roles } = shared
  if (!config.federation) return undefined
  const federator = roles.includes('federator') ? await startFederatorHere(shared, config.federation) : undefined
  if (roles.includes('ingress')) await startIngressHere(shared, config.federation, federator)
  return federator
}

const startIngressHere = async (
  { config, stack, addresses, log }: Shared,
  federation: FederationConfig,
  federator: Federator | undefined,
): Promise<void> => {
  // In one process requests cross as values, apart over HTTP with the certificate in a header.
  const handle =
    federator?.inward.handle ??
    stack.use(forwardTo(urlOf(config.listen.federatorInward), await secretOf(config, federation))).handle
  const ingress = await startIngress({
    config: { ...config.listen.ingress, ...federation.ingress, infraDomain: config.infraDomain },
    handle,
    clock,
    random,
    log,
  })
  stack.use(ingress)
  addresses['ingress'] = `https://${ingress.host}:${ingress.port}`
}

const secretOf = ({ dataDirectory }: Config, { ingressSecretFile }: FederationConfig): Promise<string> =>
  ensureIngressSecret(ingressSecretFile ?? defaultIngressSecretFile(dataDirectory), random)

const startFederatorHere = async (shared: Shared, federation: FederationConfig): Promise<Federator> => {
  const { config, board, stack, addresses, knownRemotes, tracer, log } = shared
  const federator = await startFederator({
    config: {
      domain: config.domain,
      outward: config.listen.federatorOutward,
      inward: config.listen.federatorInward,
      ingressSecret: await secretOf(config, federation),
      tls: federation.tls,
      dns: federation.dns,
      peerAddresses: federation.peerAddresses,
      connectTimeoutMs: federation.connectTimeoutMs,
      headersTimeoutMs: federation.headersTimeoutMs,
      bodyIdleTimeoutMs: federation.bodyIdleTimeoutMs,
      peerRequestsMax: federation.peerRequestsMax,
    },
    remotes: knownRemotes.ask,
    components: {
      brig: board.transport('brig'),
      galley: board.transport('galley'),
      cargohold: board.transport('cargohold'),
    },
    tracer,
    clock,
    random,
    log,
  })
  stack.use(federator)
  addresses['federatorOutward'] = federator.outward.listener.url
  addresses['federatorInward'] = federator.inward.listener.url
  return federator
}

const startFront = async (
  { config, board, stack, addresses, log }: Shared,
  acceptUpgrade: AcceptUpgrade | undefined,
): Promise<void> => {
  const gateway = await startGateway({
    config,
    services: {
      brig: board.transport('brig'),
      galley: board.transport('galley'),
      gundeck: board.transport('gundeck'),
      cargohold: board.transport('cargohold'),
    },
    gundeckUpgrade: acceptUpgrade ?? tunnelTo(urlOf(config.listen.gundeck), { log }),
    clock,
    random,
    log,
  })
  stack.use(gateway)
  addresses['gateway'] = gateway.url
}
