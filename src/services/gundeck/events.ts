/** `/events`: the websocket of a device that acknowledges what it gets (client-notifications.md §6). */
import type { WebSocketServer } from 'ws'
import { ClientId, type UserId } from '#src/contract/ids.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { type AcceptUpgrade, eventsQueryOf, refuseUpgrade } from '#src/rpc/upgrade.ts'
import type { Activity } from './activity.ts'
import { HANDSHAKE_TIMEOUT_MS } from './limits.ts'
import { GOING_AWAY } from './sockets.ts'
import { type StreamNeeds, startStream } from './stream.ts'
import type { StoredStream } from './store-streams.ts'
import type { Streams } from './streams.ts'

interface Needs extends StreamNeeds {
  readonly server: WebSocketServer
  readonly open: Streams
  readonly activity: Activity
  readonly clock: Clock
}

const NO_STREAM = { code: 404, label: 'not-found', message: 'This client has no stream of events' }

export const acceptEvents =
  (needs: Needs): AcceptUpgrade =>
  async ({ request, socket, head, caller }) => {
    const { client: text, marker } = eventsQueryOf(request.url ?? '')
    const client = text === undefined ? undefined : ClientId.safeParse(text).data
    // Until `ws` owns it nobody else listens, and an error without listener would end the process.
    const destroy = (): unknown => socket.destroy()
    socket.on('error', destroy)
    const start = text !== undefined && client === undefined ? 'none' : await startOf(needs, caller.user, client)
    if (start === 'none' || start === 'failed') {
      if (start === 'none') refuseUpgrade(socket, '404 Not Found', NO_STREAM)
      else refuseUpgrade(socket, '503 Service Unavailable')
      return undefined
    }
    socket.off('error', destroy)
    let goAway: (() => void) | undefined
    needs.server.handleUpgrade(request, socket, head, (websocket) => {
      const { user, connection } = caller
      const now = (): number => needs.clock.monotonicMs()
      needs.open.add(startStream(needs, { user, client, connection, socket: websocket, marker, start, now }))
      goAway = () => websocket.close(GOING_AWAY)
    })
    await needs.activity.note(caller.user, client)
    return goAway && { goAway }
  }

/** Where the device stopped; without a device the present. */
const startOf = async (
  { store, streams, open, log }: Needs,
  user: UserId,
  client: ClientId | undefined,
): Promise<StoredStream | 'none' | 'failed'> => {
  const read = async (): Promise<StoredStream | 'none'> => {
    if (client === undefined) {
      const end = (await store.ends([user])).get(user)
      return { upTo: end?.at ?? 0, beyond: [], hasMissed: false }
    }
    // What it said on the connection before counts on this one.
    await Promise.all(open.of(user, client).map((stream) => stream.kept()))
    return (await streams.find(user, client)) ?? 'none'
  }
  try {
    return await withDeadline(read(), HANDSHAKE_TIMEOUT_MS, 'reading where a stream of events stopped')
  } catch (error) {
    log.error({ err: error }, 'opening a stream of events')
    return 'failed'
  }
}
