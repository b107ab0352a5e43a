/** Handing a websocket handshake from the gateway, which knows the caller, to the part that will speak on it. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Caller } from './context.ts'

/** Events as they happen, or from where the device has acknowledged them. */
export type UpgradeKind = 'await' | 'events'

/** Where gundeck takes them on its internal listener, with the caller in headers, when the two are apart. */
export const UPGRADE_PATHS: Readonly<Record<UpgradeKind, string>> = { await: '/i/await', events: '/i/events' }

/** A marker is a UUID. */
const MARKER_CHARACTERS_MAX = 200

export interface Handover {
  readonly kind: UpgradeKind
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What came after the handshake's headers already. */
  readonly head: Buffer
  readonly caller: Caller
  readonly requestId: string
}

export interface UpgradedSocket {
  /** Asks the other side to leave, because this process is about to end. */
  goAway(): void
}

/** Owns the socket from then on, whatever the outcome; undefined when it came to nothing. */
export type AcceptUpgrade = (handover: Handover) => Promise<UpgradedSocket | undefined>

/** The query parameter by which a websocket asks for what concerns one device. */
export const clientFilterOf = (target: string): string | undefined => {
  const query = target.split('?', 2)[1]
  return query === undefined ? undefined : (new URLSearchParams(query).get('client') ?? undefined)
}

/** What `/events` is asked with: for which device, and what to say when the past is over. */
export const eventsQueryOf = (target: string): { client: string | undefined; marker: string | undefined } => {
  const query = new URLSearchParams(target.split('?', 2)[1])
  const marker = query.get('sync_marker')?.slice(0, MARKER_CHARACTERS_MAX)
  return { client: query.get('client') ?? undefined, marker }
}

/** Answers a handshake that comes to nothing; HTTP by hand, since there is no response object for an upgrade. */
export const refuseUpgrade = (socket: Duplex, status: string, body?: Readonly<Record<string, unknown>>): void => {
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${status}`,
    'connection: close',
    ...(body === undefined ? [] : ['content-type: application/json']),
    `content-length: ${Buffer.byteLength(text)}`,
    '',
    text,
  ]
  socket.on('error', () => socket.destroy())
  socket.end(lines.join('\r\n'), () => socket.destroy())
}
