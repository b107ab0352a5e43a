/**
 * The open websockets of this process, by user.
 *
 * `ws` speaks the protocol; what a socket is sent is written past it, as a frame that is made once for all. A frame is
 * written by `ws` at once and as a whole, too, because nothing is compressed, so the two cannot get into each other.
 */
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { PROBE_INTERVAL_MS, SOCKET_AGE_MAX_MS, SOCKETS_PER_USER_MAX, UNSENT_BYTES_MAX } from './limits.ts'
import type { StreamEnd } from './store.ts'

export interface LiveSocket {
  readonly user: UserId
  /** What the client asked to be filtered by; text that names no device gets only what is for all. */
  readonly client: string | undefined
  /** The device that listens, as far as it or its token says. */
  readonly device: string | undefined
  /** Connection number of its token. */
  readonly connection: string
  readonly socket: WebSocket
  /** What `socket` speaks over. */
  readonly wire: Duplex
  readonly openedMs: number
  lastHeardMs: number
}

/** A user who is connected to this process. */
export interface Presence {
  readonly sockets: Set<LiveSocket>
  /** Everything up to here has been sent. */
  delivered: StreamEnd
}

export interface Addressed {
  /** Empty: all. */
  readonly clients: readonly string[]
  readonly originConnection: string | undefined
}

export interface Sockets {
  presenceOf(user: UserId): Presence | undefined
  users(): UserId[]
  /** Whether the device listens here. */
  isConnected(user: UserId, client: ClientId): boolean
  /** To those sockets of the user that are meant; the frame is made once, and only if there is one. */
  send(presence: Presence, addressed: Addressed, makeFrame: () => Buffer): void
  /** `end` counts only when this is the user's first socket here. */
  add(socket: LiveSocket, end: StreamEnd): void
  /** Closes those of one device, or all of the user's. */
  closeUser(user: UserId, reason: { readonly code: number; readonly client?: ClientId }): void
  /** Pings what is quiet, drops what stayed silent, closes what is too old. Call it every `PROBE_INTERVAL_MS`. */
  probe(): void
  all(): LiveSocket[]
}

/** RFC 6455 §7.4.1. */
export const GOING_AWAY = 1001
export const POLICY_VIOLATION = 1008
/** Registered by IANA: try again later. */
export const TRY_AGAIN_LATER = 1013

export const openSockets = ({ clock }: { readonly clock: Clock }): Sockets => {
  const presences = new Map<UserId, Presence>()
  const write = writingTogether()
  const all = (): LiveSocket[] => [...presences.values()].flatMap(({ sockets }) => [...sockets])

  const remove = (live: LiveSocket): void => {
    const presence = presences.get(live.user)
    presence?.sockets.delete(live)
    if (presence?.sockets.size === 0) presences.delete(live.user)
  }

  return {
    presenceOf: (user) => presences.get(user),
    users: () => [...presences.keys()],
    isConnected: (user, client) =>
      [...(presences.get(user)?.sockets ?? [])].some(
        ({ device, socket }) => device === client && socket.readyState === WebSocket.OPEN,
      ),
    all,
    send: ({ sockets }, { clients, originConnection }, makeFrame) => {
      let made: Buffer | undefined
      for (const live of sockets) {
        if (live.connection === originConnection || !isFor(live, clients) || !canBeSentTo(live)) continue
        made ??= makeFrame()
        write(live.wire, made)
      }
    },
    add: (live, end) => {
      const presence = presences.get(live.user) ?? { sockets: new Set(), delivered: end }
      presences.set(live.user, presence)
      presence.sockets.add(live)
      live.socket.once('close', () => remove(live))
      const [oldest] = presence.sockets
      if (oldest && presence.sockets.size > SOCKETS_PER_USER_MAX) {
        remove(oldest)
        oldest.socket.close(POLICY_VIOLATION)
      }
    },
    closeUser: (user, { code, client }) => {
      for (const live of presences.get(user)?.sockets ?? []) {
        if (client === undefined || live.client === client) live.socket.close(code)
      }
    },
    probe: () => {
      const now = clock.monotonicMs()
      for (const live of all()) probe(live, now)
    },
  }
}

const probe = ({ socket, openedMs, lastHeardMs }: LiveSocket, now: number): void => {
  if (now - lastHeardMs >= 2 * PROBE_INTERVAL_MS) socket.terminate()
  else if (now - openedMs >= SOCKET_AGE_MAX_MS) socket.close(GOING_AWAY)
  else if (socket.readyState === WebSocket.OPEN) socket.ping()
}

const isFor = ({ client }: LiveSocket, clients: readonly string[]): boolean =>
  client === undefined || clients.length === 0 || clients.includes(client)

const canBeSentTo = ({ socket, wire }: LiveSocket): boolean => {
  if (socket.readyState !== WebSocket.OPEN) return false
  if (wire.writableLength <= UNSENT_BYTES_MAX) return true
  // It reads slower than things happen. A close frame would wait behind all that; the device catches up later.
  socket.terminate()
  return false
}

/**
 * What goes to one socket at the same time leaves with one system call, which is most of what it costs. And before who had
 * it stored is answered: a tick of Node's would come after all that follows from that.
 */
const writingTogether = (): ((wire: Duplex, frame: Buffer) => void) => {
  const held = new Set<Duplex>()
  const release = (): void => {
    for (const wire of held) wire.uncork()
    held.clear()
  }
  return (wire, frame) => {
    if (held.size === 0) queueMicrotask(release)
    if (!held.has(wire)) {
      held.add(wire)
      wire.cork()
    }
    wire.write(frame)
  }
}
