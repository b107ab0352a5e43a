/** Answering other backends: one route per component that picks the form of an RPC by version and decodes it. */
import { type Domain, Domain as DomainSchema } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { RpcHandler } from '#src/kit/endpoint.ts'
import { Refusal } from '#src/kit/errors.ts'
import { errorResponse, explain, parseJson } from '#src/kit/http/router.ts'
import { jsonResponse, NO_BODY, type Route, type WireRequest, type WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { boundedCache } from '#src/kit/lru.ts'
import type { Component } from './federator-transport.ts'
import { FEDERATION_REQUEST_BYTES_MAX, HEARD_INTERVAL_MS } from './limits.ts'
import { type FederationContext, type FederationContract, findForm } from './rpc-forms.ts'
import { parseVersionHeader } from './versions.ts'

export type { FederationContext } from './rpc-forms.ts'

export interface FederationOptions {
  readonly log: Log
  readonly clock: Clock
  /** Told, at most once a second per domain, that a peer is alive. */
  readonly onHeard?: (domain: Domain) => void
}

export const FEDERATION_PATTERN = '/federation/{rpc}'

/** Every RPC of the contract gets a handler; a missing one does not compile. */
export const federationRoutes = <const C extends FederationContract>(
  component: Component,
  contract: C,
  handlers: { readonly [K in keyof C]: RpcHandler<C[K], FederationContext> },
  { log, clock, onHeard }: FederationOptions,
): Route[] => {
  const find = findForm(contract, handlers)
  const heard = throttled(clock, onHeard)
  const handle = async (request: WireRequest): Promise<WireResponse> => {
    const name = request.params['rpc'] ?? ''
    try {
      const context = contextOf(request)
      heard(context.origin)
      const form = find(name, context.version)
      if (!form) return unknownRpc(component)
      const parsed = form.entry.input.safeParse(parseJson(request.body))
      if (!parsed.success) return undecodable(component, explain(parsed.error))
      const output = await form.handler(parsed.data, context)
      if (form.entry.mode === 'stream') return bytesResponse(output as AsyncIterable<Uint8Array>)
      return jsonResponse(200, form.entry.mode === 'queue' ? {} : output)
    } catch (error) {
      if (error instanceof Refusal && error.label === 'bad-request') return undecodable(component, error.detail)
      return errorResponse(error, { log, what: `${component} ${name}`, request })
    }
  }
  return [{ method: 'POST', pattern: FEDERATION_PATTERN, bodyLimit: FEDERATION_REQUEST_BYTES_MAX, handle }]
}

const contextOf = ({ headers }: WireRequest): FederationContext => {
  const origin = DomainSchema.safeParse(headers['wire-origin-domain'])
  if (!origin.success) throw new Refusal(400, 'client-error', { detail: 'no valid Wire-Origin-Domain' })
  return {
    origin: origin.data,
    version: parseVersionHeader(headers['x-wire-api-version']),
    requestId: headers['request-id'] ?? 'N/A',
  }
}

/** federation-api.md §8: raw, without framing or length. */
const bytesResponse = (body: AsyncIterable<Uint8Array>): WireResponse => ({
  status: 200,
  headers: { 'content-type': 'application/octet-stream' },
  body,
})

// What the components of the original answer here differs, and peers may have been written against it (§11.2).
const unknownRpc = (component: Component): WireResponse =>
  component === 'galley'
    ? jsonResponse(404, { code: 404, label: 'no-endpoint', message: 'no such RPC in this version' })
    : { status: 404, headers: {}, body: NO_BODY }

/** The one failure that a peer's queue takes as permanent: only for bodies that cannot be decoded. */
const undecodable = (component: Component, detail: string): WireResponse =>
  component === 'cargohold'
    ? { status: 400, headers: { 'content-type': 'text/plain' }, body: Buffer.from(detail) }
    : jsonResponse(400, { code: 400, label: 'bad-request', message: detail })

const HEARD_DOMAINS_MAX = 10_000

const throttled = (clock: Clock, onHeard: FederationOptions['onHeard']): ((domain: Domain) => void) => {
  if (!onHeard) return () => {}
  const recent = boundedCache<Domain, true>({ max: HEARD_DOMAINS_MAX, ttlMs: HEARD_INTERVAL_MS, clock })
  return (domain) => {
    if (recent.get(domain)) return
    recent.set(domain, true)
    onHeard(domain)
  }
}
