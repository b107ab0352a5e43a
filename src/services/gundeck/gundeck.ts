/**
 * Gundeck: who has to hear of something, hears of it. It keeps a log per user that devices catch up from, and the open
 * websockets that hear at once. It knows no conversation and no contact: others say whom to tell what.
 */
import type { Server } from 'node:http'
import { gundeckClient } from '#src/contract/client/gundeck.ts'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Route, Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { clientRoutes, internalRoutes } from '#src/rpc/context.ts'
import type { AcceptUpgrade } from '#src/rpc/upgrade.ts'
import type { Database } from '#src/storage/database.ts'
import { type Activity, deviceActivity } from './activity.ts'
import { acceptAwait, acceptUpgradesOn, websocketServer } from './await.ts'
import { deliverTo } from './delivery.ts'
import { acceptEvents } from './events.ts'
import { getLastNotification } from './handlers/client/get-last-notification.ts'
import { getNotification } from './handlers/client/get-notification.ts'
import { getNotifications } from './handlers/client/get-notifications.ts'
import { getTime } from './handlers/client/get-time.ts'
import { listPushTokens } from './handlers/client/list-push-tokens.ts'
import { registerPushToken } from './handlers/client/register-push-token.ts'
import { removePushToken } from './handlers/client/remove-push-token.ts'
import { disconnectUser } from './handlers/internal/disconnect-user.ts'
import { openStream } from './handlers/internal/open-stream.ts'
import { removeClient } from './handlers/internal/remove-client.ts'
import { removeUser } from './handlers/internal/remove-user.ts'
import { CLOSE_TIMEOUT_MS, PROBE_INTERVAL_MS } from './limits.ts'
import type { NativePush } from './native-push.ts'
import { entriesOf, notificationWriter, push } from './push.ts'
import type { Transient } from './replica-note.ts'
import { connectReplicas, type Replicas } from './replicas.ts'
import { GOING_AWAY, openSockets, POLICY_VIOLATION, type Sockets } from './sockets.ts'
import { type GundeckStore, gundeckStore } from './store.ts'
import { type PushTokenStore, pushTokenStore } from './store-push-tokens.ts'
import { replicaList } from './store-replicas.ts'
import { type StreamStore, streamStore } from './store-streams.ts'
import { alsoWaking, openStreams, type Streams } from './streams.ts'
import { startSweeper } from './sweeper.ts'
import { sendTransient, type Transients, transients as transientsTo } from './transients.ts'
import { alsoWakingDevices, type Device, wakeDevices, type Waker, type WakingNeeds } from './waking.ts'

export interface Gundeck extends AsyncDisposable {
  readonly routes: Route[]
  /** For a gateway in the same process. */
  readonly acceptUpgrade: AcceptUpgrade
  /** For a gateway elsewhere: takes `GET /i/await` on the internal listener. To be disposed before the listener. */
  acceptUpgradesOn(server: Server): AsyncDisposable
}

export interface GundeckNeeds {
  readonly database: Database
  readonly brig: Transport
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Wakes devices that are away; without it they are left to come by themselves. */
  readonly nativePush?: NativePush | undefined
}

export const startGundeck = async (needs: GundeckNeeds): Promise<Gundeck> => {
  const { database, brig, clock, random, log } = needs
  // An embedded database belongs to one process: nobody else could have sockets to tell.
  const replica = database.kind === 'postgresql' ? random.uuid() : undefined
  const db = await database.schema<unknown>('gundeck', new URL('migrations/', import.meta.url))
  const store = gundeckStore(db, { replica })
  const streams = streamStore(db)
  const tokens = pushTokenStore(db)
  const sockets = openSockets({ clock })
  const open = openStreams({ clock })
  const { tell, removed, isConnected } = toBoth(sockets, open)
  const waker = wakerFor(needs, {
    tokens,
    listening: (devices) => whoListens(devices, { isConnected, replicas }),
    tell: (one) => writer.write(entriesOf(one)),
  })
  const delivery = alsoWakingDevices(alsoWaking(deliverTo({ store, sockets, log }), open), waker)
  const writer = notificationWriter({ store, delivery, clock })
  const replicas = await connectReplicas({
    ...needs,
    replica,
    store,
    list: replicaList(db),
    delivery,
    onTransient: tell,
    onRemoved: ({ user, client }) => removed(user, client),
    isConnected,
  })
  const transients = transientsTo({ announce: replicas.announceTransient, tell, clock, log })
  const activity = deviceActivity({ brig, clock, log })
  const background = new AsyncDisposableStack()
  background.use(startSweeper({ store, clock, log }))
  background.use(probeRegularly([sockets, open], clock))
  const server = websocketServer()
  const acceptAny = {
    await: acceptAwait({ server, store, sockets, clock, log }),
    events: acceptEvents({ server, store, streams, open, activity, clock, log }),
  }
  const acceptUpgrade: AcceptUpgrade = (handover) => acceptAny[handover.kind](handover)
  return {
    routes: routesOf({ store, streams, tokens, writer, transients, removed, replicas, activity, clock, log }),
    acceptUpgrade,
    acceptUpgradesOn: (listening) => {
      const accepting = acceptUpgradesOn(listening, acceptUpgrade, { log })
      return disposing(async () => {
        accepting[Symbol.dispose]()
        await closeAll(sockets, open)
      })
    },
    [Symbol.asyncDispose]: async () => {
      await background.disposeAsync()
      await waker?.[Symbol.asyncDispose]()
      await writer.idle()
      await delivery.idle()
      await closeAll(sockets, open)
      await replicas[Symbol.asyncDispose]()
    },
  }
}

const wakerFor = (
  { nativePush: native, ...needs }: GundeckNeeds,
  reach: Pick<WakingNeeds, 'tokens' | 'listening' | 'tell'>,
): Waker | undefined => native && wakeDevices({ ...needs, ...reach, native })

const whoListens = async (
  devices: readonly Device[],
  { isConnected, replicas }: { readonly isConnected: (device: Device) => boolean; readonly replicas: Replicas },
): Promise<readonly Device[]> => {
  const { here = [], unknown = [] } = Object.groupBy(devices, (device) => (isConnected(device) ? 'here' : 'unknown'))
  return unknown.length === 0 ? here : [...here, ...(await replicas.listeners(unknown))]
}

const disposing = (dispose: () => Promise<void>): AsyncDisposable => ({ [Symbol.asyncDispose]: dispose })

/** What concerns all connections of a user, whichever way they listen. */
const toBoth = (sockets: Sockets, open: Streams) => ({
  tell: (transient: Transient): void => {
    sendTransient(sockets, transient)
    open.sendTransient(transient)
  },
  removed: (user: UserId, client?: ClientId): void => {
    sockets.closeUser(user, { code: POLICY_VIOLATION, ...(client && { client }) })
    open.closeUser(user, client)
  },
  isConnected: ({ user, client }: Device): boolean =>
    sockets.isConnected(user, client) || open.of(user, client).length > 0,
})

interface HandlerNeeds {
  readonly store: GundeckStore
  readonly streams: StreamStore
  readonly tokens: PushTokenStore
  readonly writer: ReturnType<typeof notificationWriter>
  readonly transients: Transients
  readonly removed: (user: UserId, client?: ClientId) => void
  readonly replicas: Replicas
  readonly activity: Activity
  readonly clock: Clock
  readonly log: Log
}

const routesOf = (needs: HandlerNeeds): Route[] => {
  const { log } = needs
  const internal = {
    push: push(needs),
    'open-stream': openStream(needs),
    'remove-client': removeClient(needs),
    'disconnect-user': disconnectUser(needs),
    'remove-user': removeUser(needs),
  }
  const client = {
    'get-notifications': getNotifications(needs),
    'get-last-notification': getLastNotification(needs),
    'get-notification': getNotification(needs),
    'register-push-token': registerPushToken(needs),
    'list-push-tokens': listPushTokens(needs),
    'remove-push-token': removePushToken(needs),
    'get-time': getTime(needs),
  }
  return [...internalRoutes(gundeckInternal, internal, { log }), ...clientRoutes(gundeckClient, client, { log })]
}

const probeRegularly = (probed: readonly { probe(): void }[], clock: Clock): Disposable => {
  let next: Disposable
  const schedule = (): void => {
    next = clock.after(PROBE_INTERVAL_MS, () => {
      for (const each of probed) each.probe()
      schedule()
    })
  }
  schedule()
  return { [Symbol.dispose]: () => next[Symbol.dispose]() }
}

/** Says goodbye, waits a moment for answers, then hangs up. */
const closeAll = async (sockets: Sockets, streams: Streams): Promise<void> => {
  const acknowledging = streams.all()
  const open = [...sockets.all(), ...acknowledging]
  const closed = open.map(
    ({ socket }) =>
      new Promise<void>((resolve) => {
        if (socket.readyState === socket.CLOSED) resolve()
        else socket.once('close', () => resolve())
        socket.close(GOING_AWAY)
      }),
  )
  try {
    await withDeadline(Promise.all(closed), CLOSE_TIMEOUT_MS, 'closing websockets')
  } catch {
    for (const { socket } of open) socket.terminate()
  }
  await Promise.all(acknowledging.map((stream) => stream.kept()))
}
