/** A transport for parts that share a process: the same decoding and encoding, no socket between. */
import { jsonResponse, type Route, type Transport } from './wire.ts'

export const inMemory = (routes: readonly Route[]): Transport => {
  const byKey = new Map(routes.map((route) => [`${route.method} ${route.pattern}`, route]))
  return {
    send: async (request) => {
      const route = byKey.get(`${request.method} ${request.pattern}`)
      if (!route) return jsonResponse(404, { code: 404, label: 'no-endpoint', message: 'No such endpoint' })
      if (request.stream === undefined && request.body.length > route.bodyLimit) {
        return jsonResponse(413, { code: 413, label: 'client-error', message: 'Request body too large' })
      }
      return route.handle(request)
    },
  }
}
