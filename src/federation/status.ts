/** `/i/status` and `/i/metrics` of both listeners (federation-transport.md §14). */
import type { ServerResponse } from 'node:http'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import { respond, type ServePlain } from './http1.ts'
import { STATUS_TIMEOUT_MS } from './limits.ts'
import type { FederationMetrics } from './metrics.ts'

export interface StatusNeeds {
  readonly metrics: FederationMetrics
  /** The other listener, whose health is part of this one's. */
  readonly other: () => { readonly name: string; readonly url: string }
}

/** Answers what is about the process itself and leaves the rest to `serve`. */
export const withStatus =
  ({ metrics, other }: StatusNeeds, serve: ServePlain): ServePlain =>
  (request, response) => {
    if (request.method !== 'GET') return serve(request, response)
    switch (request.url) {
      case '/i/status?standalone':
        return respond(response, plain(200, ''))
      case '/i/metrics':
        return void metrics.render().then(
          (text) => respond(response, plain(200, text)),
          () => respond(response, plain(500, 'the metrics cannot be read')),
        )
      case '/i/status':
        return void answerStatus(response, other())
      default:
        return serve(request, response)
    }
  }

const plain = (status: number, text: string): WireResponse => ({
  status,
  headers: { 'content-type': 'text/plain;charset=utf-8' },
  body: Buffer.from(text),
})

const answerStatus = async (response: ServerResponse, other: { name: string; url: string }): Promise<void> => {
  const status = await statusOf(other.url)
  const isWell = status !== undefined && status >= 200 && status < 300
  respond(response, isWell ? plain(200, '') : plain(500, `the ${other.name} server answers ${status ?? 'nothing'}`))
}

const statusOf = (url: string): Promise<number | undefined> =>
  withDeadline(
    (signal) => fetch(`${url}/i/status?standalone`, { signal }),
    STATUS_TIMEOUT_MS,
    'asking for status',
  ).then(
    (response) => response.status,
    // Not there: that is what was asked.
    () => undefined,
  )

/** Measures every request; `handler` is the first part of its path, because the rest is anybody's choice. */
export const timing =
  (metrics: FederationMetrics, clock: Clock) =>
  (handler: string, serve: ServePlain): ServePlain =>
  (request, response) => {
    const startMs = clock.monotonicMs()
    response.once('close', () => {
      const { method = '' } = request
      metrics.served({ handler, method, status: response.statusCode, ms: clock.monotonicMs() - startMs })
    })
    serve(request, response)
  }
