/** Handing a websocket over to a gundeck in another process: its handshake, then its bytes, both ways. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { pipeline } from 'node:stream'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Log } from '#src/kit/log.ts'
import { callerHeaders } from '#src/rpc/context.ts'
import { type AcceptUpgrade, eventsQueryOf, type Handover, refuseUpgrade, UPGRADE_PATHS } from '#src/rpc/upgrade.ts'
import { TUNNEL_CONNECT_TIMEOUT_MS } from './limits.ts'

/** `baseUrl` is gundeck's internal listener. */
export const tunnelTo =
  (baseUrl: string, { log }: { readonly log: Log }): AcceptUpgrade =>
  async (handover) => {
    const { socket, head, requestId } = handover
    const { hostname, port, host } = new URL(baseUrl)
    const upstream = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port), noDelay: true })
    try {
      await withDeadline(once(upstream, 'connect'), TUNNEL_CONNECT_TIMEOUT_MS, 'reaching gundeck for a websocket')
    } catch (error) {
      log.error({ err: error, requestId }, 'handing over a websocket')
      upstream.destroy()
      refuseUpgrade(socket, '503 Service Unavailable')
      return undefined
    }
    upstream.write(handshake(handover, host))
    upstream.write(head)
    // Ends and errors of either side reach the other. They are part of a websocket's life, not of our log.
    pipeline(socket, upstream, socket, (error) => log.debug({ err: error, requestId }, 'a websocket ended'))
    return { goAway: () => upstream.end() }
  }

const handshake = ({ kind, request, caller, requestId }: Handover, host: string): string => {
  const { client, marker } = eventsQueryOf(request.url ?? '')
  const query = new URLSearchParams({
    ...(client !== undefined && { client }),
    ...(marker !== undefined && { sync_marker: marker }),
  })
  const headers: Record<string, string> = {
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': single(request, 'sec-websocket-version'),
    'sec-websocket-key': single(request, 'sec-websocket-key'),
    'request-id': requestId,
    ...callerHeaders(caller),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`GET ${UPGRADE_PATHS[kind]}${query.size > 0 ? `?${query.toString()}` : ''} HTTP/1.1`, ...lines, '', ''].join(
    '\r\n',
  )
}

// The parser has refused line breaks in headers, so none can get into what we write.
const single = ({ headers }: IncomingMessage, name: string): string => {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}
