/** `/await` and `/events` at the front door: check the token, then let gundeck have the socket. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { FIRST_VERSION_WITH_EVENTS } from '#src/contract/client/gateway.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { hop } from '#src/kit/trace.ts'
import { type AcceptUpgrade, refuseUpgrade, type UpgradedSocket, type UpgradeKind } from '#src/rpc/upgrade.ts'
import { type AccessTokens, tokenOf } from './access-token.ts'
import { readVersion } from './versions.ts'

interface Needs {
  readonly tokens: AccessTokens
  readonly accept: AcceptUpgrade
  readonly random: Random
  readonly log: Log
}

export interface Websockets {
  /** Sends all away. */
  goAway(): void
  /** For those that do not go. */
  destroy(): void
}

const AWAIT = /^\/(?:await|websocket)(?:\?|$)/
const EVENTS = /^\/events(?:\?|$)/

const kindOf = (url: string): UpgradeKind | undefined => {
  if (AWAIT.test(url)) return 'await'
  const { version = 0, target } = readVersion(url)
  return version >= FIRST_VERSION_WITH_EVENTS && EVENTS.test(target) ? 'events' : undefined
}

/**
 * Whether a request is a handshake for us. All others that want to upgrade to something, e.g. to HTTP/2, are served
 * as what they are without it (RFC 9110 §7.8), by the routes.
 */
export const isHandshake = ({ method, url = '', headers }: IncomingMessage): boolean =>
  method === 'GET' && kindOf(url) !== undefined && headers.upgrade?.toLowerCase() === 'websocket'

export const serveWebsockets = (server: Server, { tokens, accept, random, log }: Needs): Websockets => {
  const open = new Map<Duplex, UpgradedSocket | undefined>()

  const handOver = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const requestId = random.uuid()
    hop(log, 'gateway', requestId)
    const query = new URLSearchParams(request.url?.split('?', 2)[1])
    const verdict = await tokens.check(tokenOf(request.headers.authorization, query.get('access_token') ?? undefined))
    if (verdict.kind !== 'caller') {
      refuseUpgrade(socket, verdict.kind === 'invalid' ? '401 Unauthorized' : '403 Forbidden')
      return
    }
    const kind = kindOf(request.url ?? '') ?? 'await'
    const upgraded = await accept({ kind, request, socket, head, caller: verdict.caller, requestId })
    if (open.has(socket)) open.set(socket, upgraded)
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.set(socket, undefined)
    socket.once('close', () => open.delete(socket))
    // Stays for good: whoever else listens comes and goes, and an error without listener would end the process.
    socket.on('error', () => socket.destroy())
    handOver(request, socket, head).catch((error: unknown) => {
      log.error({ err: error }, 'opening a websocket')
      if (!socket.destroyed) refuseUpgrade(socket, '503 Service Unavailable')
    })
  })

  return {
    goAway: () => {
      for (const upgraded of open.values()) upgraded?.goAway()
    },
    destroy: () => {
      for (const socket of open.keys()) socket.destroy()
    },
  }
}
