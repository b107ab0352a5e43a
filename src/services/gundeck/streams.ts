/** The open `/events` connections of this process, by user. */
import { WebSocket } from 'ws'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Delivery } from './delivery.ts'
import { PROBE_INTERVAL_MS, SOCKET_AGE_MAX_MS, SOCKETS_PER_USER_MAX } from './limits.ts'
import type { Transient } from './replica-note.ts'
import { GOING_AWAY, POLICY_VIOLATION } from './sockets.ts'
import type { Stream } from './stream.ts'

export interface Streams {
  add(stream: Stream): void
  /** Those of one device, or all of the user's. */
  of(user: UserId, client?: ClientId): Stream[]
  all(): Stream[]
  wake(users: Iterable<UserId>): void
  sendTransient(transient: Transient): void
  /** Closes those of one device, or all of the user's. */
  closeUser(user: UserId, client?: ClientId): void
  /** Pings what is quiet, closes what stayed silent or is too old. Call it every `PROBE_INTERVAL_MS`. */
  probe(): void
}

/** RFC 6455 §7.4.1, as the protocol uses it: nothing was heard for too long. */
const SILENT = 1002

export const openStreams = ({ clock }: { readonly clock: Clock }): Streams => {
  const byUser = new Map<UserId, Set<Stream>>()
  const all = (): Stream[] => [...byUser.values()].flatMap((streams) => [...streams])
  const of: Streams['of'] = (user, client) =>
    [...(byUser.get(user) ?? [])].filter((stream) => client === undefined || stream.client === client)
  const remove = (stream: Stream): void => {
    const streams = byUser.get(stream.user)
    streams?.delete(stream)
    if (streams?.size === 0) byUser.delete(stream.user)
  }
  return {
    all,
    of,
    add: (stream) => {
      const streams = byUser.get(stream.user) ?? new Set()
      byUser.set(stream.user, streams)
      // A device has one queue: who connects again has lost the connection before, whether we know it or not.
      const before = stream.client === undefined ? [] : of(stream.user, stream.client)
      streams.add(stream)
      stream.socket.once('close', () => void stream.kept().then(() => remove(stream)))
      for (const older of before) older.socket.close(GOING_AWAY)
      const [oldest] = streams
      if (oldest && streams.size > SOCKETS_PER_USER_MAX) oldest.socket.close(POLICY_VIOLATION)
    },
    wake: (users) => {
      for (const user of users) for (const stream of byUser.get(user) ?? []) stream.wake()
    },
    sendTransient: ({ at, payload, recipients }) => {
      for (const { user, clients, originConnection } of recipients) {
        for (const stream of byUser.get(user) ?? []) {
          const isMeant = clients.length === 0 || stream.client === undefined || clients.includes(stream.client)
          if (isMeant && stream.connection !== originConnection) stream.sendTransient(at, payload)
        }
      }
    },
    closeUser: (user, client) => {
      for (const { socket } of of(user, client)) socket.close(POLICY_VIOLATION)
    },
    probe: () => {
      const now = clock.monotonicMs()
      for (const { socket, lastHeardMs, openedMs } of all()) {
        if (now - lastHeardMs >= 2 * PROBE_INTERVAL_MS) socket.close(SILENT)
        else if (now - openedMs >= SOCKET_AGE_MAX_MS) socket.close(GOING_AWAY)
        else if (socket.readyState === WebSocket.OPEN) socket.ping()
      }
    },
  }
}

/** Streams read for themselves; they only have to know that there is something. */
export const alsoWaking = (delivery: Delivery, streams: Streams): Delivery => ({
  stored: (rows) => {
    delivery.stored(rows)
    streams.wake(new Set(rows.map(({ entry }) => entry.user)))
  },
  grown: (ends) => {
    delivery.grown(ends)
    streams.wake(ends.keys())
  },
  refresh: (users) => {
    delivery.refresh(users)
    if (users) streams.wake(users)
    else for (const stream of streams.all()) stream.wake()
  },
  idle: delivery.idle,
})
