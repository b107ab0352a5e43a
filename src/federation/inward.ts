/**
 * Receiving calls of other backends (federation-transport.md §6). The certificate decides who is calling, headers
 * only claim; and no component hears of a request that failed any of the checks. Their order is the table of §6.2.
 */
import { Domain } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { Refusal } from '#src/kit/errors.ts'
import { errorResponse } from '#src/kit/http/router.ts'
import { jsonResponse, readAll, type WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { hop } from '#src/kit/trace.ts'
import { inSpan, type Tracer, withTraceparent } from '#src/kit/tracing.ts'
import type { RequestBody } from './bodies.ts'
import type { CallComponent } from './components.ts'
import type { Discovery } from './discovery.ts'
import { messageOf, parseErrorObject } from './error-object.ts'
import type { PeerIdentity } from './identity.ts'
import { readPeerBody } from './peer-body.ts'
import { COMPONENT_ERROR_BYTES_MAX } from './limits.ts'
import type { FederationMetrics } from './metrics.ts'
import type { IsAllowed } from './policy.ts'
import {
  authenticationFailure,
  federationDenied,
  invalidEndpoint,
  malformed,
  notFound,
  undiscovered,
} from './refusals.ts'
import { requestIdOf } from './request-id.ts'
import { parseInwardPath, type RpcPath } from './rpc-path.ts'
import { originAddress } from './wire-origin-ip.ts'

/** A request as an ingress hands it over. Everything the peer sent is a claim, except the certificate. */
export interface InwardRequest {
  readonly method: string
  /** Path and query exactly as sent. */
  readonly target: string
  readonly claims: {
    readonly originDomain: string | undefined
    /** Several headers joined by commas. */
    readonly apiVersion: string | undefined
    readonly requestId: string | undefined
    /** The trace that the peer says this belongs to (W3C Trace Context). */
    readonly traceparent: string | undefined
  }
  readonly forwardedFor: string | undefined
  /** Verified by the ingress. Undefined when there is none that can be read. */
  readonly identity: PeerIdentity | undefined
  readonly body: RequestBody
}

/** Never rejects: what goes wrong is an answer. */
export type HandleInward = (request: InwardRequest) => Promise<WireResponse>

export interface InwardNeeds {
  readonly ownDomain: Domain
  readonly isAllowed: IsAllowed
  readonly discovery: Discovery
  readonly callComponent: CallComponent
  /** This backend has proved to be there. */
  readonly onHeard: (domain: Domain) => void
  readonly metrics: FederationMetrics
  readonly tracer: Tracer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export const createInward =
  (needs: InwardNeeds): HandleInward =>
  async (request) => {
    const requestId = requestIdOf(request.claims.requestId, needs.random)
    const read = readRequest(request)
    if (read.outcome === 'unreadable') return read.response
    const { origin, path } = read
    const attributes = { origin, component: path.component, rpc: path.rpc, 'comity.request_id': requestId }
    const { traceparent } = request.claims
    return needs.tracer.enter(`receive ${path.rpc}`, { kind: 'server', traceparent, attributes }, () =>
      receive(request, { ...read, requestId }, needs),
    )
  }

const receive = async (request: InwardRequest, read: Admitted, needs: InwardNeeds): Promise<WireResponse> => {
  try {
    hop(needs.log, 'federator-in', read.requestId, { origin: read.origin, rpc: read.path.rpc })
    await inSpan('admit', {}, () => admit(request, read, needs))
    needs.onHeard(read.origin)
    return await forward(request, read, needs)
  } catch (error) {
    noteRefusal(error, read, needs.log)
    const response = errorResponse(error, { log: needs.log, what: `receiving ${request.method} of another backend` })
    if (response.status >= 500) needs.metrics.netError()
    return response
  }
}

/** Under the request id that the other side has in its log. */
const noteRefusal = (error: unknown, { origin, path, requestId }: Admitted, log: Log): void => {
  if (!(error instanceof Refusal)) return
  log.info({ requestId, origin, rpc: path.rpc, label: error.label }, 'a call of another backend was refused')
}

interface ReadRequest {
  readonly path: RpcPath
  readonly origin: Domain
  readonly identity: PeerIdentity
}

type Read =
  | ({ readonly outcome: 'read' } & ReadRequest)
  | { readonly outcome: 'unreadable'; readonly response: WireResponse }

const unreadable = (response: WireResponse): Read => ({ outcome: 'unreadable', response })

/** §6.2, steps 1 to 4. */
const readRequest = ({ target, claims, identity }: InwardRequest): Read => {
  const path = parseInwardPath(target)
  if (path.outcome === 'not-found') return unreadable(notFound())
  if (path.outcome === 'malformed') return unreadable(malformed(path.reason))
  const origin = Domain.safeParse(claims.originDomain)
  if (!origin.success) return unreadable(malformed('Wire-Origin-Domain is missing or not a domain'))
  if (!identity) return unreadable(malformed('there is no client certificate'))
  return { outcome: 'read', path, origin: origin.data, identity }
}

/** §6.2, steps 5 to 10: returns when the certificate's owner is the origin domain and may call us. */
const admit = async (
  { method }: InwardRequest,
  { path, origin, identity }: ReadRequest,
  needs: InwardNeeds,
): Promise<void> => {
  const misuse = misuseOf(method, path)
  // Our own domain is nobody else's to claim, whatever DNS and the list say.
  const isAllowed = !misuse && origin !== needs.ownDomain && (await needs.isAllowed(origin))
  needs.metrics.incoming(origin, isAllowed)
  if (misuse) throw misuse
  if (!isAllowed) throw federationDenied(origin)
  const discovered = await needs.discovery.targetsOf(origin)
  if (discovered.outcome !== 'targets') throw undiscovered(discovered)
  // Any host that the domain points to may speak for it; the domain's own name plays no part (§8.3).
  if (!discovered.targets.some(({ host }) => identity.matches(host))) throw authenticationFailure()
}

const misuseOf = (method: string, { hasQuery }: RpcPath): Refusal | undefined => {
  if (method !== 'POST') return invalidEndpoint('federation requests are sent by POST')
  return hasQuery ? invalidEndpoint('federation requests have no query string') : undefined
}

interface Admitted extends ReadRequest {
  readonly requestId: string
}

const forward = async (request: InwardRequest, admitted: Admitted, needs: InwardNeeds): Promise<WireResponse> => {
  const { component, rpc } = admitted.path
  const { body, failure } = await readPeerBody(request.body, needs.clock)
  const response = await inSpan('component', { kind: 'client' }, () =>
    needs.callComponent({ component, rpc, headers: withTraceparent(componentHeaders(request, admitted)), body }),
  ).catch((error: unknown) => {
    throw failure() ?? error
  })
  return response.status >= 500 ? rerendered(response) : relayed(response)
}

/** §6.3, in full: whatever else the peer sent ends here. */
const componentHeaders = (
  { claims, forwardedFor }: InwardRequest,
  { origin, requestId }: Admitted,
): Record<string, string> => {
  const address = originAddress(forwardedFor)
  return {
    'content-type': 'application/json',
    'wire-origin-domain': origin,
    'request-id': requestId,
    ...(address !== undefined && { 'wire-origin-ip': address }),
    ...(claims.apiVersion !== undefined && { 'x-wire-api-version': claims.apiVersion }),
  }
}

/** §6.4: of the headers only the content type survives. */
const relayed = ({ status, headers, body }: WireResponse): WireResponse => {
  const type = headers['content-type']
  return { status, headers: type === undefined ? {} : { 'content-type': type }, body }
}

const rerendered = async ({ status, body }: WireResponse): Promise<WireResponse> => {
  const bytes = await readAll(body, COMPONENT_ERROR_BYTES_MAX)
  const error = parseErrorObject(bytes) ?? { code: status, label: 'server-error', message: messageOf(bytes) }
  // §11.1: what went wrong inside is told to our log only.
  return jsonResponse(status, error.code === 500 ? { ...error, message: 'Internal server error' } : error)
}
