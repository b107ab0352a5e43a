/** A transport for parts that share a process: the same decoding and encoding, no socket between. */
import { BodyTooLarge, jsonResponse, readAll, type Route, type Transport, type WireRequest } from './wire.ts'

export const inMemory = (routes: readonly Route[]): Transport => {
  const byKey = new Map(routes.map((route) => [`${route.method} ${route.pattern}`, route]))
  return {
    send: async (request) => {
      const route = byKey.get(`${request.method} ${request.pattern}`)
      if (!route) return jsonResponse(404, { code: 404, label: 'no-endpoint', message: 'No such endpoint' })
      if (request.stream !== undefined && route.takesStream === true) return route.handle(request)
      const body = await wholeBody(request, route.bodyLimit)
      if (body) return route.handle(request.stream === undefined ? request : { ...request, body })
      return jsonResponse(413, { code: 413, label: 'client-error', message: 'Request body too large' })
    },
  }
}

/** Undefined when it is too large. */
const wholeBody = async ({ body, stream }: WireRequest, limit: number): Promise<Uint8Array | undefined> => {
  if (stream === undefined) return body.length > limit ? undefined : body
  return readAll(stream, limit).catch((error: unknown) => {
    if (error instanceof BodyTooLarge) return undefined
    throw error
  })
}
