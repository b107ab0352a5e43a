/**
 * Writing an answer to a client. What is at hand as a whole, which nearly all are, is written past Fastify: head and body
 * leave in one piece, and nobody on the way looks at them once more. What comes bit by bit goes as from any part.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#src/kit/clock.ts'
import { send } from '#src/kit/http/server.ts'
import type { WireResponse } from '#src/kit/http/wire.ts'
import { JOINED_BODY_BYTES_MAX, LINGER_MS } from './limits.ts'

export type Answering = (request: FastifyRequest, reply: FastifyReply, response: WireResponse) => void

/** Every answer of the gateway but those to preflights passes here, whoever gave it. */
export const answering =
  (clock: Clock): Answering =>
  ({ raw: request }, reply, { status, headers, body }) => {
    if (body instanceof Uint8Array) writeWhole(reply, { status, headers, body })
    else send(reply, { status, headers, body })
    if (!request.complete) hangUpOn(request, reply.raw, clock)
  }

interface Whole extends WireResponse {
  readonly body: Uint8Array
}

const writeWhole = (reply: FastifyReply, { status, headers, body }: Whole): void => {
  const { raw } = reply
  const isHead = raw.req.method === 'HEAD'
  const lines: (string | readonly string[])[] = []
  // What hooks have set: what browsers are told, and the id of the request.
  const set = reply.getHeaders()
  for (const name in set) lines.push(name, String(set[name]))
  for (const name in headers) {
    if (name !== 'content-length' || isHead) lines.push(name, headers[name] ?? '')
  }
  if (body.length > 0 && headers['content-type'] === undefined) lines.push('content-type', 'application/octet-stream')
  // RFC 9110 §8.6: these never have one, and to HEAD only who knows the body can tell it.
  if (status !== 204 && status !== 304 && !isHead) lines.push('content-length', String(body.length))
  raw.writeHead(status, lines as string[])
  // Not before that: what throws there is answered as the fault that it is.
  reply.hijack()
  // A string is joined with the head before it, and so is one write less; in this encoding each character is a byte.
  if (body.length > JOINED_BODY_BYTES_MAX) raw.end(body)
  else raw.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'latin1')
}

/** Who has been answered before he sent everything may go on for a while, so that he comes to read the answer. */
const hangUpOn = (request: IncomingMessage, response: ServerResponse, clock: Clock): void => {
  response.once('close', () => {
    if (request.complete) return
    clock.after(LINGER_MS, () => {
      // Not through its socket, which may have gone since: nothing here may throw, for nobody would catch it.
      if (!request.complete) request.destroy()
    })
  })
}
