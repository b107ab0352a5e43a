/**
 * The public front door: the only address that clients need. It knows who calls and which service owns an endpoint,
 * and judges nothing else; what a request means is for the service to say.
 */
import type { Server } from 'node:http'
import cors, { type FastifyCorsOptionsDelegateCallback } from '@fastify/cors'
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onResponseHookHandler,
} from 'fastify'
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
import { fastifyPath } from '#src/kit/http/server.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import type { AcceptUpgrade } from '#src/rpc/upgrade.ts'
import { accessKeys } from './access-keys.ts'
import { accessTokens } from './access-token.ts'
import { type Answering, answering } from './answer.ts'
import { answerBadRequests, impossibleType, notFound, refusedByFastify } from './bad-requests.ts'
import { bodyReader } from './read-body.ts'
import { clientAddress } from './client-address.ts'
import { forward, type ForwardNeeds, headersPassedOn } from './forward.ts'
import {
  DRAIN_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
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
  const answer = answering(clock)
  const app = createApp({ answer, random, log })
  await app.register(cors, { delegator: toBrowsersFrom(config.gateway.allowedOrigins) })
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
  const bodies = bodyReader(clock)
  for (const route of routes) {
    register(app, answer, { ...route, tokens, addressOf: callerAddress, readBody: bodies.read, clock, log })
  }
  const unserved = notFound(routes)
  app.setNotFoundHandler((request, reply) => answer(request, reply, unserved(request.originalUrl)))
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
      bodies[Symbol.dispose]()
    },
  }
}

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

/** Nobody else sends an origin, and who sends none is told only that answers differ by it. */
const toBrowsersFrom = (allowed: readonly string[]): FastifyCorsOptionsDelegateCallback => {
  const options = {
    origin: allowed.map((address) => new URL(address).origin),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    exposedHeaders: ['Request-Id', 'Location', 'Replay-Nonce'],
    maxAge: PREFLIGHT_SECONDS,
  }
  const toOthers = { origin: false }
  return ({ method, headers: { origin } }, done) =>
    done(null, origin === undefined && method !== 'OPTIONS' ? toOthers : options)
}

/** How long a browser may remember what it is allowed. */
const PREFLIGHT_SECONDS = 7_200

interface AppNeeds extends Pick<GatewayNeeds, 'random' | 'log'> {
  readonly answer: Answering
}

const createApp = ({ answer, random, log }: AppNeeds): FastifyInstance => {
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
    ...answerBadRequests(answer),
  })
  // `forward` reads bodies itself, after it knows who calls; whatever their type, the service judges it.
  for (const method of app.supportedMethods) app.addHttpMethod(method, { overrideExisting: true })
  // By callback: a promise for each hook of each request costs more than what these do.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('request-id', request.id)
    done()
  })
  // Not a hook that does nothing: Fastify would have to watch each answer to its end.
  if (log.isLevelEnabled('debug')) app.addHook('onResponse', tellOf(log))
  app.setErrorHandler((error, request, reply) => {
    answer(request, reply, refusedByFastify(error) ?? errorResponse(error, { log, what: whatIs(request) }))
  })
  return app
}

/** The route, not the address: that may hold an access token. */
const tellOf =
  (log: Log): onResponseHookHandler =>
  ({ id, method, routeOptions }, { statusCode, elapsedTime }, done) => {
    done()
    log.debug({ requestId: id, method, route: routeOptions.url, status: statusCode, ms: elapsedTime }, 'answered')
  }

const whatIs = ({ method, routeOptions }: FastifyRequest): string => `${method} ${routeOptions.url ?? ''}`

const register = (app: FastifyInstance, answer: Answering, needs: ForwardNeeds): void => {
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      answer(request, reply, impossibleType(typeOf(request)) ?? (await forward(request, needs)))
    } catch (error) {
      answer(request, reply, errorResponse(error, { log: needs.log, what: whatIs(request) }))
    }
  }
  app.route({
    method: needs.method,
    url: fastifyPath(needs.pattern),
    handler: (request, reply) => {
      // The router takes `/properties/` for `/properties/{key}`; nothing that a path can name has an empty name.
      if (hasEmptyName(request.params as Record<string, string>)) reply.callNotFound()
      else void serve(request, reply)
    },
  })
}

const typeOf = ({ method, headers }: FastifyRequest): string | undefined =>
  method === 'GET' || method === 'HEAD' ? undefined : headers['content-type']

const hasEmptyName = (params: Record<string, string>): boolean => {
  for (const name in params) if (params[name] === '') return true
  return false
}

const addressOf = (server: Server): Pick<Gateway, 'host' | 'port' | 'url'> => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway listens on no TCP port')
  const { address: host, port, family } = address
  return { host, port, url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}` }
}
