/**
 * Gundeck: who has to hear of something, hears of it. It keeps a log per user that devices catch up from, and the open
 * websockets that hear at once. It knows no conversation and no contact: others say whom to tell what.
 */
import type { Server } from 'node:http'
import { gundeckClient } from '#src/contract/client/gundeck.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import type { Route, Transport } from '#src/kit/http/wire.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import { clientRoutes, internalRoutes } from '#src/rpc/context.ts'
import type { AcceptUpgrade } from '#src/rpc/upgrade.ts'
import type { Database } from '#src/storage/database.ts'
import { deviceActivity } from './activity.ts'
import { acceptAwait, acceptAwaitOn } from './await.ts'
import { deliverTo } from './delivery.ts'
import { getLastNotification } from './handlers/client/get-last-notification.ts'
import { getNotification } from './handlers/client/get-notification.ts'
import { getNotifications } from './handlers/client/get-notifications.ts'
import { getTime } from './handlers/client/get-time.ts'
import { listPushTokens } from './handlers/client/list-push-tokens.ts'
import { registerPushToken } from './handlers/client/register-push-token.ts'
import { removePushToken } from './handlers/client/remove-push-token.ts'
import { removeClient } from './handlers/internal/remove-client.ts'
import { removeUser } from './handlers/internal/remove-user.ts'
import { CLOSE_TIMEOUT_MS, PROBE_INTERVAL_MS } from './limits.ts'
import { notificationWriter, push } from './push.ts'
import { connectReplicas } from './replicas.ts'
import { GOING_AWAY, openSockets, POLICY_VIOLATION, type Sockets } from './sockets.ts'
import { gundeckStore } from './store.ts'
import { pushTokenStore } from './store-push-tokens.ts'
import { startSweeper } from './sweeper.ts'
import { sendTransient, transients as transientsTo } from './transients.ts'

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
}

export const startGundeck = async ({ database, brig, clock, random, log }: GundeckNeeds): Promise<Gundeck> => {
  // An embedded database belongs to one process: nobody else could have sockets to tell.
  const replica = database.kind === 'postgresql' ? random.uuid() : undefined
  const db = await database.schema<unknown>('gundeck', new URL('migrations/', import.meta.url))
  const store = gundeckStore(db, { replica })
  const tokens = pushTokenStore(db)
  const sockets = openSockets({ clock })
  const delivery = deliverTo({ store, sockets, log })
  const writer = notificationWriter({ store, delivery, clock })
  const parts = { replica, database, store, delivery, clock, random, log }
  const replicas = await connectReplicas({
    ...parts,
    onTransient: (transient) => sendTransient(sockets, transient),
    onRemoved: ({ user, client }) => sockets.closeUser(user, { code: POLICY_VIOLATION, ...(client && { client }) }),
  })
  const transients = transientsTo({ announce: replicas.announceTransient, sockets, clock, log })
  const sweeper = startSweeper({ store, clock, log })
  const prober = probeRegularly(sockets, clock)
  const acceptUpgrade = acceptAwait({ store, sockets, clock, log })

  const internal = {
    push: push({ writer, transients, log }),
    'remove-client': removeClient({ tokens, sockets, replicas }),
    'remove-user': removeUser({ store, tokens, sockets, replicas }),
  }
  const client = {
    'get-notifications': getNotifications({ store, clock, activity: deviceActivity({ brig, clock, log }) }),
    'get-last-notification': getLastNotification({ store, clock }),
    'get-notification': getNotification({ store }),
    'register-push-token': registerPushToken({ tokens }),
    'list-push-tokens': listPushTokens({ tokens }),
    'remove-push-token': removePushToken({ tokens }),
    'get-time': getTime({ clock }),
  }
  return {
    routes: [...internalRoutes(gundeckInternal, internal, { log }), ...clientRoutes(gundeckClient, client, { log })],
    acceptUpgrade,
    acceptUpgradesOn: (server) => {
      const accepting = acceptAwaitOn(server, acceptUpgrade, { log })
      return {
        [Symbol.asyncDispose]: async () => {
          accepting[Symbol.dispose]()
          await closeAll(sockets)
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      prober[Symbol.dispose]()
      sweeper[Symbol.dispose]()
      await writer.idle()
      await delivery.idle()
      await closeAll(sockets)
      await replicas[Symbol.asyncDispose]()
    },
  }
}

const probeRegularly = (sockets: Sockets, clock: Clock): Disposable => {
  let next: Disposable
  const schedule = (): void => {
    next = clock.after(PROBE_INTERVAL_MS, () => {
      sockets.probe()
      schedule()
    })
  }
  schedule()
  return { [Symbol.dispose]: () => next[Symbol.dispose]() }
}

/** Says goodbye, waits a moment for answers, then hangs up. */
const closeAll = async (sockets: Sockets): Promise<void> => {
  const open = sockets.all()
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
}
