/** Where spans begin and go on between our own parts, laid around what the parts are handed. */
import type { Route } from '#src/kit/http/wire.ts'
import { currentTraceparent, noTracer, type Tracer, withTraceparent } from '#src/kit/tracing.ts'
import type { FederatorTransport } from './federator-transport.ts'

/** A part goes on with the trace of who calls it; calls outside of any trace begin none. */
export const tracedRoutes = (part: string, routes: readonly Route[], tracer: Tracer): readonly Route[] =>
  tracer === noTracer
    ? routes
    : routes.map((route) => ({
        ...route,
        handle: (request) => {
          const { traceparent } = request.headers
          if (traceparent === undefined && currentTraceparent() === undefined) return route.handle(request)
          const name = `${part} ${route.method} ${route.pattern}`
          const attributes = { 'comity.request_id': request.headers['request-id'] ?? 'N/A', ...request.params }
          return tracer.enter(name, { kind: 'server', traceparent, attributes }, () => route.handle(request))
        },
      }))

/** Each delivery of the courier is a trace of its own: what was queued may be hours old. */
export const tracedDeliveries = (federator: FederatorTransport, tracer: Tracer): FederatorTransport => ({
  send: (request) => {
    const { domain, component, rpc, headers } = request
    const attributes = { domain, component, rpc, 'comity.request_id': headers['wire-origin-request-id'] ?? 'N/A' }
    return tracer.enter(`deliver ${rpc}`, { kind: 'producer', attributes }, () =>
      federator.send({ ...request, headers: withTraceparent(headers) }),
    )
  },
})
