/** `POST /rpc/{domain}/{component}/{rpc}` for components in other processes (federation-transport.md §4). */
import type { IncomingMessage } from 'node:http'
import { errorResponse } from '#src/kit/http/router.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import { collect } from './bodies.ts'
import { respond, type ServePlain } from './http1.ts'
import { HELD_BODY_BYTES_MAX } from './limits.ts'
import type { OutwardRequest, OutwardService } from './outward.ts'
import { bodyTooLarge, invalidEndpoint, malformed, notFound } from './refusals.ts'
import { parseOutwardPath } from './rpc-path.ts'

export const serveOutward =
  (outward: OutwardService, log: Log): ServePlain =>
  (request, response) => {
    const aborted = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) aborted.abort(new Error('the component went away'))
    })
    answer(request, { outward, signal: aborted.signal }).then(
      (answered) => respond(response, answered, REASONS[answered.status]),
      (error: unknown) => {
        // That the component went away is no fault of anybody here, and there is nobody left to be told.
        if (aborted.signal.aborted) return
        respond(response, errorResponse(error, { log, what: 'calling another backend' }))
      },
    )
  }

/** §11.3; names for statuses that HTTP has none for. */
const REASONS: Readonly<Record<number, string>> = {
  521: 'Remote Federator Connection Refused',
  525: 'SSL Handshake Failure',
  533: 'Unexpected Federation Response',
}

interface AnswerNeeds {
  readonly outward: OutwardService
  readonly signal: AbortSignal
}

const answer = async (request: IncomingMessage, { outward, signal }: AnswerNeeds): Promise<WireResponse> => {
  const path = parseOutwardPath(request.url ?? '')
  if (path.outcome === 'not-found') return notFound()
  if (path.outcome === 'malformed') return malformed(path.reason)
  if (request.method !== 'POST') throw invalidEndpoint('other backends are called by POST')
  if (path.hasQuery) throw invalidEndpoint('calls to other backends have no query string')
  const { domain, component, rpc } = path
  return outward.send({ domain, component, rpc, headers: headersOf(request), body: await bodyOf(request), signal })
}

/** A small body is held, so that it can be sent again when a peer refuses it unprocessed. */
const bodyOf = async (request: IncomingMessage): Promise<OutwardRequest['body']> => {
  const announced = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  if (announced > HELD_BODY_BYTES_MAX) return request
  const { bytes, isWhole } = await collect(request, HELD_BODY_BYTES_MAX)
  if (!isWhole) throw bodyTooLarge()
  return bytes
}

const headersOf = ({ headers }: IncomingMessage): OutwardRequest['headers'] => {
  const result: Record<string, string | readonly string[]> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) result[name] = value
  }
  return result
}
