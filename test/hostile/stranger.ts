/** HTTP by hand: sends what no well-behaved client would, and takes an answer that comes before all was sent. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Answered } from './client-answers.ts'

export interface Asked {
  readonly method: string
  /** Sent as it is, percent signs and all. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Says in advance that the body has so many bytes, and sends none of them. */
  readonly announcedBytes?: number
  /** Sends so many bytes in chunks without having said how many there will be. */
  readonly chunkedBytes?: number
}

export interface Stranger extends Disposable {
  ask(asked: Asked): Promise<Answered>
}

const CONNECTIONS = 16
const DEADLINE_MS = 60_000
const CHUNK = new Uint8Array(64 * 1024)

export const strangerTo = (baseUrl: string): Stranger => {
  const { hostname, port } = new URL(baseUrl)
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const exchange = async (asked: Asked, signal: AbortSignal): Promise<Answered> => {
    const { method, target, body = '', announcedBytes, chunkedBytes } = asked
    const outgoing = request({ agent, hostname, port, method, path: target, headers: headersOf(asked), signal })
    const answering = once(outgoing, 'response') as Promise<[IncomingMessage]>
    // Once it has answered, the server may hang up on us.
    outgoing.on('error', () => {})
    if (announcedBytes !== undefined) outgoing.flushHeaders()
    else if (chunkedBytes === undefined) outgoing.end(body)
    else for (let sent = 0; sent < chunkedBytes; sent += CHUNK.length) outgoing.write(CHUNK)
    const [response] = await answering
    const text = await textOf(response)
    if (!outgoing.writableEnded) outgoing.destroy()
    return { status: response.statusCode ?? 0, headers: response.headers, text }
  }
  return {
    ask: (asked) =>
      withDeadline((signal) => exchange(asked, signal), DEADLINE_MS, `${asked.method} ${asked.target.slice(0, 100)}`),
    [Symbol.dispose]: () => agent.destroy(),
  }
}

const headersOf = ({ headers, body = '', announcedBytes, chunkedBytes }: Asked): Record<string, string> => {
  if (announcedBytes !== undefined) return { ...headers, 'content-length': String(announcedBytes) }
  if (chunkedBytes !== undefined) return { ...headers, 'transfer-encoding': 'chunked' }
  return { ...headers, ...(body.length > 0 && { 'content-length': String(Buffer.byteLength(body)) }) }
}
