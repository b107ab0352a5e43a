/**
 * A transport for parts that share a process: the same decoding and encoding, no socket between. A body that is handed
 * over (`client.ts`) crosses as it is.
 */
import type { Method } from '../endpoint.ts'
import {
  BodyTooLarge,
  jsonResponse,
  readAll,
  type Route,
  type Transport,
  type WireRequest,
  type WireResponse,
} from './wire.ts'

export const inMemory = (routes: readonly Route[]): Transport => {
  const byPattern = new Map<string, Map<Method, Route>>()
  for (const route of routes) {
    const methods = byPattern.get(route.pattern) ?? new Map<Method, Route>()
    byPattern.set(route.pattern, methods.set(route.method, route))
  }
  return {
    carriesValues: true,
    send: (request) => {
      const route = byPattern.get(request.pattern)?.get(request.method)
      if (!route) return Promise.resolve(noEndpoint())
      if (request.stream === undefined) {
        return request.body.length > route.bodyLimit ? Promise.resolve(tooLarge()) : route.handle(request)
      }
      return route.takesStream === true ? route.handle(request) : handleWhole(route, request, request.stream)
    },
  }
}

const handleWhole = async (
  route: Route,
  request: WireRequest,
  stream: AsyncIterable<Uint8Array>,
): Promise<WireResponse> => {
  const body = await readAll(stream, route.bodyLimit).catch((error: unknown) => {
    if (error instanceof BodyTooLarge) return undefined
    throw error
  })
  return body ? route.handle({ ...request, body }) : tooLarge()
}

const noEndpoint = (): WireResponse =>
  jsonResponse(404, { code: 404, label: 'no-endpoint', message: 'No such endpoint' })

const tooLarge = (): WireResponse =>
  jsonResponse(413, { code: 413, label: 'client-error', message: 'Request body too large' })
