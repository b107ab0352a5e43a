/**
 * What a handler knows about its caller. A context exists only because somebody checked: the gateway the token, our
 * federator the certificate. The headers it is read from are accepted on internal listeners only.
 */
import { z } from 'zod'
import { ClientId, UserId } from '#src/contract/ids.ts'
import type { EndpointShape, Handler } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import { bind } from '#src/kit/http/router.ts'
import type { Route, WireRequest } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'

/** Who an access token says is calling. */
export interface Caller {
  readonly user: UserId
  /** Set once the session is bound to a device (`POST /access?client_id=`). */
  readonly client: ClientId | undefined
  /** The token's connection number: an event is not echoed to the socket with the same one. */
  readonly connection: string
}

export interface PublicContext {
  readonly apiVersion: number
  readonly requestId: string
  readonly address: string | undefined
  readonly cookie: string | undefined
  readonly authorization: string | undefined
}

export interface ClientContext extends PublicContext {
  readonly caller: Caller
}

export interface InternalContext {
  readonly requestId: string
}

type Contract = Readonly<Record<string, EndpointShape & { readonly summary: string }>>

type ClientContextOf<E extends EndpointShape> = E['access'] extends 'public' ? PublicContext : ClientContext

/** The client API of a service: endpoints declared with access `token` get a {@link ClientContext}. */
export const clientRoutes = <const C extends Contract>(
  contract: C,
  handlers: { readonly [K in keyof C]: Handler<C[K], ClientContextOf<C[K]>> },
  { log }: { readonly log: Log },
): Route[] =>
  // `bind` knows one context for all; which of the two a handler gets follows from its declared access.
  bind(contract, handlers as { readonly [K in keyof C]: Handler<C[K], PublicContext> }, {
    log,
    context: (request, declared) =>
      declared.access === 'public' ? publicContext(request) : { ...publicContext(request), caller: callerOf(request) },
  })

export const internalRoutes = <const C extends Contract>(
  contract: C,
  handlers: { readonly [K in keyof C]: Handler<C[K], InternalContext> },
  { log }: { readonly log: Log },
): Route[] =>
  bind(contract, handlers, { log, context: ({ headers }) => ({ requestId: headers['request-id'] ?? 'N/A' }) })

/** The headers by which the gateway tells services who is calling (client-auth.md §7). */
export const callerHeaders = ({ user, client, connection }: Caller): Record<string, string> => ({
  'z-type': 'access',
  'z-user': user,
  'z-connection': connection,
  ...(client !== undefined && { 'z-client': client }),
})

const CallerHeaders = z.object({
  'z-user': UserId,
  'z-client': ClientId.optional(),
  'z-connection': z.string().max(40).default('0'),
})

// As ids are written by us, and so by the gateway: of these there is nothing to be made by parsing.
const CANONICAL_USER = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const CANONICAL_CLIENT = /^(?:0|[1-9a-f][0-9a-f]{0,15})$/
const CANONICAL_CONNECTION = /^[0-9]{1,20}$/

/** Each request of a client passes here, mostly with headers that need no more than a look. */
const canonicalCaller = (headers: WireRequest['headers']): Caller | undefined => {
  const { 'z-user': user, 'z-client': client, 'z-connection': connection } = headers
  if (user === undefined || connection === undefined) return undefined
  if (!CANONICAL_USER.test(user) || !CANONICAL_CONNECTION.test(connection)) return undefined
  if (client !== undefined && !CANONICAL_CLIENT.test(client)) return undefined
  return { user: user as UserId, client: client as ClientId | undefined, connection }
}

/** The caller that the gateway vouches for; 401 where there is none. */
export const callerOf = ({ headers }: Pick<WireRequest, 'headers'>): Caller => {
  const known = canonicalCaller(headers)
  if (known) return known
  const parsed = CallerHeaders.safeParse(headers)
  if (!parsed.success) {
    throw new Refusal(401, 'missing-auth', { detail: 'no caller', cause: parsed.error })
  }
  const { 'z-user': user, 'z-client': client, 'z-connection': connection } = parsed.data
  return { user, client, connection }
}

const publicContext = ({ headers }: WireRequest): PublicContext => ({
  apiVersion: Number(headers['x-comity-api-version'] ?? '0'),
  requestId: headers['request-id'] ?? 'N/A',
  address: headers['x-forwarded-for'],
  cookie: headers['cookie'],
  authorization: headers['authorization'],
})
