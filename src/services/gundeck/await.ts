/** `/await`: the websocket on which a device hears of things as they happen (client-notifications.md §4). */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Log } from '#src/kit/log.ts'
import { type Caller, callerOf } from '#src/rpc/context.ts'
import {
  type AcceptUpgrade,
  clientFilterOf,
  type Handover,
  refuseUpgrade,
  type UpgradedSocket,
  type UpgradeKind,
  UPGRADE_PATHS,
} from '#src/rpc/upgrade.ts'
import { CLIENT_FRAME_BYTES_MAX, HANDSHAKE_TIMEOUT_MS, UNSENT_BYTES_MAX } from './limits.ts'
import { clientFilter } from './notification.ts'
import { GOING_AWAY, type LiveSocket, type Sockets } from './sockets.ts'
import type { GundeckStore, StreamEnd } from './store.ts'

interface Needs {
  readonly server: WebSocketServer
  readonly store: GundeckStore
  readonly sockets: Sockets
  readonly clock: Clock
  readonly log: Log
}

/** For handshakes that arrive elsewhere. */
export const websocketServer = (): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: CLIENT_FRAME_BYTES_MAX,
  })

export const acceptAwait = ({ server, store, sockets, clock, log }: Needs): AcceptUpgrade => {
  return async ({ request, socket, head, caller }) => {
    // Until `ws` owns it nobody else listens, and an error without listener would end the process.
    const destroy = (): unknown => socket.destroy()
    socket.on('error', destroy)
    const end = await streamEnd({ store, sockets, log }, caller)
    if (end === undefined) {
      refuseUpgrade(socket, '503 Service Unavailable')
      return undefined
    }
    socket.off('error', destroy)
    let opened: WebSocket | undefined
    // Writes the 101 and calls back at once. Nothing can happen to the user between that and `add`, so what this
    // socket is not sent had been stored before it opened, and the device finds it by catching up.
    server.handleUpgrade(request, socket, head, (websocket) => {
      opened = websocket
      const live = liveSocket(websocket, { wire: socket, target: request.url ?? '', caller, now: clock.monotonicMs() })
      converse(live, { clock, log })
      sockets.add(live, end)
    })
    return opened && { goAway: () => opened?.close(GOING_AWAY) }
  }
}

/** Where delivery to this user begins. Whoever is connected already has a mark of his own. */
const streamEnd = async (
  { store, sockets, log }: Omit<Needs, 'clock' | 'server'>,
  { user }: Caller,
): Promise<StreamEnd | undefined> => {
  const present = sockets.presenceOf(user)
  if (present) return present.delivered
  try {
    const ends = await withDeadline(store.ends([user]), HANDSHAKE_TIMEOUT_MS, 'reading where a stream ends')
    return ends.get(user) ?? { at: 0, seq: 0 }
  } catch (error) {
    log.error({ err: error }, 'opening a websocket')
    return undefined
  }
}

interface Opening {
  readonly wire: Duplex
  readonly target: string
  readonly caller: Caller
  readonly now: number
}

const liveSocket = (socket: WebSocket, { wire, target, caller, now }: Opening): LiveSocket => {
  const client = clientFilter(clientFilterOf(target))
  return {
    user: caller.user,
    connection: caller.connection,
    client,
    device: client ?? caller.client,
    socket,
    wire,
    openedMs: now,
    lastHeardMs: now,
  }
}

const PING = Buffer.from('ping')
const PONG = Buffer.from('pong')

const converse = (live: LiveSocket, { clock, log }: Pick<Needs, 'clock' | 'log'>): void => {
  const { socket } = live
  const heard = (): void => {
    live.lastHeardMs = clock.monotonicMs()
  }
  socket.on('ping', heard)
  socket.on('pong', heard)
  socket.on('message', (data, isBinary) => {
    heard()
    if (isBinary || !isPing(data)) return
    // Who asks for answers and never reads them would fill our memory with them.
    if (socket.bufferedAmount > UNSENT_BYTES_MAX) socket.terminate()
    else socket.send(PONG, { binary: true })
  })
  // `ws` closes the socket by itself; 'close' follows.
  socket.on('error', (error) => log.debug({ err: error }, 'a websocket failed'))
}

const isPing = (data: RawData): boolean => Buffer.isBuffer(data) && data.equals(PING)

/**
 * For a gundeck of its own process: takes handshakes from the gateway on the internal listener, until disposed. A
 * listener counts the websockets that began on it as its own, and does not end before them.
 */
export const acceptUpgradesOn = (server: Server, accept: AcceptUpgrade, { log }: Pick<Needs, 'log'>): Disposable => {
  let hasEnded = false
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const kind = KINDS.find((each) => UPGRADE_PATHS[each] === request.url?.split('?', 1)[0])
    if (hasEnded || kind === undefined) {
      refuseUpgrade(socket, hasEnded ? '503 Service Unavailable' : '404 Not Found')
      return
    }
    takeOver({ kind, request, socket, head }, accept)
      .then((opened) => (hasEnded ? opened?.goAway() : undefined))
      .catch((error: unknown) => {
        log.warn({ err: error }, 'taking over a websocket')
        if (!socket.destroyed) refuseUpgrade(socket, '401 Unauthorized')
      })
  })
  return {
    [Symbol.dispose]: () => {
      hasEnded = true
    },
  }
}

const KINDS: readonly UpgradeKind[] = ['await', 'events']

const takeOver = async (
  upgrade: Pick<Handover, 'kind' | 'request' | 'socket' | 'head'>,
  accept: AcceptUpgrade,
): Promise<UpgradedSocket | undefined> => {
  const single = Object.entries(upgrade.request.headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  const headers: Record<string, string> = Object.fromEntries(single)
  return accept({ ...upgrade, caller: callerOf({ headers }), requestId: headers['request-id'] ?? 'N/A' })
}
