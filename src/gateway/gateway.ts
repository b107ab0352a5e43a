/**
 * The public front door: the only address that clients need. It knows who calls and which service owns an endpoint,
 * and judges nothing else; what a request means is for the service to say.
 */
import type { Server } from 'node:http'
import cors from '@fastify/cors'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { brigClient } from '#src/contract/client/brig.ts'
import { cargoholdClient } from '#src/contract/client/cargohold.ts'
import { galleyClient } from '#src/contract/client/galley.ts'
import { gatewayClient } from '#src/contract/client/gateway.ts'
import { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Endpoint } from '#src/kit/endpoint.ts'
import { inMemory } from '#src/kit/http/memory.ts'
import { errorResponse } from '#src/kit/http/router.ts'
import { fastifyPath, send } from '#src/kit/http/server.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import type { AcceptUpgrade } from '#src/rpc/upgrade.ts'
import { accessKeys } from './access-keys.ts'
import { accessTokens } from './access-token.ts'
import { answerBadRequests, notFound, refusedByFastify } from './bad-requests.ts'
import { clientAddress } from './client-address.ts'
import { forward, type ForwardNeeds, headersPassedOn } from './forward.ts'
import {
  DRAIN_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  LINGER_MS,
  PARAM_CHARACTERS_MAX,
  REQUEST_TIMEOUT_MS,
} from './limits.ts'
import { ownRoutes } from './own-routes.ts'
import { revocations } from './revocations.ts'
import { readVersion } from './versions.ts'
import { isHandshake, serveWebsockets } from './websockets.ts'

export interface GatewayConfig {
  readonly domain: Domain
  readonly listen: { readonly gateway: { readonly host: string; readonly port: number } }
  readonly gateway: { readonly allowedOrigins: readonly string[]; readonly trustedProxies: readonly string[] }
  /** Absent when this backend does not federate. */
  readonly federation?: object | undefined
}

export interface GatewayNeeds {
  readonly config: GatewayConfig
  readonly services: Readonly<Record<'brig' | 'galley' | 'gundeck' | 'cargohold', Transport>>
  /** Takes websockets: gundeck's own in one process, `tunnelTo` its listener otherwise. */
  readonly gundeckUpgrade: AcceptUpgrade
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Gateway extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly url: string
}

export const startGateway = async (needs: GatewayNeeds): Promise<Gateway> => {
  const { config, services, gundeckUpgrade, clock, random, log } = needs
  const { brig } = services
  const tokens = accessTokens({
    keys: accessKeys({ brig, clock, log }),
    revocations: revocations({ brig, clock, log }),
    clock,
  })
  const app = createApp({ clock, random, log })
  await app.register(cors, {
    origin: config.gateway.allowedOrigins.map((address) => new URL(address).origin),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    exposedHeaders: ['Request-Id', 'Location', 'Replay-Nonce'],
    maxAge: PREFLIGHT_SECONDS,
  })
  const routes = [
    ...routesTo(services.brig, brigClient),
    ...routesTo(services.galley, galleyClient),
    ...routesTo(services.gundeck, gundeckClient),
    ...routesTo(services.cargohold, cargoholdClient),
    ...routesTo(
      inMemory(ownRoutes({ domain: config.domain, federates: config.federation !== undefined }, log)),
      gatewayClient,
    ),
  ]
  const callerAddress = clientAddress(config.gateway.trustedProxies)
  for (const route of routes) register(app, { ...route, tokens, addressOf: callerAddress, clock, log })
  app.setNotFoundHandler(notFound(routes))
  const websockets = serveWebsockets(app.server, { tokens, accept: gundeckUpgrade, random, log })
  // A copy: Fastify writes into what it is given, and the configuration is frozen.
  await app.listen({ ...config.listen.gateway })
  return {
    ...addressOf(app.server),
    [Symbol.asyncDispose]: async () => {
      websockets.goAway()
      const closed = app.close()
      // Requests in flight end in their own time, but not in anybody else's.
      await withDeadline(closed, DRAIN_TIMEOUT_MS, 'draining the gateway').catch((error: unknown) => {
        log.warn({ err: error }, 'stopping without waiting for the rest')
        websockets.destroy()
        app.server.closeAllConnections()
      })
      await closed
    },
  }
}

/** How long a browser may remember what it is allowed. */
const PREFLIGHT_SECONDS = 7_200

type Contract = Readonly<Record<string, Endpoint>>
type Destination = Pick<ForwardNeeds, 'endpoint' | 'method' | 'pattern' | 'passed' | 'service'>

/** One route for each spelling of each endpoint. What is not declared has no route. */
const routesTo = (service: Transport, contract: Contract): Destination[] =>
  Object.values(contract).flatMap((endpoint) =>
    [{ path: endpoint.path, method: endpoint.method }, ...(endpoint.aliases ?? [])].map(({ path, method }) => ({
      endpoint,
      passed: headersPassedOn(endpoint),
      pattern: path,
      method: method ?? endpoint.method,
      service,
    })),
  )

const createApp = ({ clock, random, log }: Pick<GatewayNeeds, 'clock' | 'random' | 'log'>): FastifyInstance => {
  const app = fastify({
    // Its own log lines would hold addresses with access tokens in them.
    logger: false,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      shouldUpgradeCallback: isHandshake,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX },
    rewriteUrl: ({ url = '/' }) => readVersion(url).target,
    // Never the client's: it could make its requests look like somebody else's in our logs.
    requestIdHeader: false,
    genReqId: () => random.uuid(),
    ...answerBadRequests,
  })
  // `forward` reads bodies itself, after it knows who calls; whatever their type, the service judges it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  // By callback: a promise for each hook of each request costs more than what these do.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('request-id', request.id)
    done()
  })
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    done()
    if (raw.complete) return
    clock.after(LINGER_MS, () => {
      // Not through its socket, which may have gone since: nothing here may throw, for nobody would catch it.
      if (!raw.complete) raw.destroy()
    })
  })
  app.addHook('onResponse', ({ id, method, routeOptions }, { statusCode, elapsedTime }, done) => {
    done()
    if (!log.isLevelEnabled('debug')) return
    // The route, not the address: that may hold an access token.
    log.debug({ requestId: id, method, route: routeOptions.url, status: statusCode, ms: elapsedTime }, 'answered')
  })
  app.setErrorHandler((error, request, reply) => {
    const what = `${request.method} ${request.routeOptions.url ?? ''}`
    send(reply, refusedByFastify(error) ?? errorResponse(error, { log, what }))
  })
  return app
}

const register = (app: FastifyInstance, needs: ForwardNeeds): void => {
  app.route({
    method: needs.method,
    url: fastifyPath(needs.pattern),
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      // The router takes `/properties/` for `/properties/{key}`; nothing that a path can name has an empty name.
      if (Object.values(request.params as Record<string, string>).includes('')) reply.callNotFound()
      else send(reply, await forward(request, needs))
      return reply
    },
  })
}

const addressOf = (server: Server): Pick<Gateway, 'host' | 'port' | 'url'> => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway listens on no TCP port')
  const { address: host, port, family } = address
  return { host, port, url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}` }
}
