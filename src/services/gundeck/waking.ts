/**
 * Who is woken for what was stored: devices with a push token that listen to no replica, unless they caused it. Nothing
 * of it is kept: who is not woken, because this process ended or the gateway was away, finds everything when he comes.
 */
import type { ClientId, UserId } from '#src/contract/ids.ts'
import type { Push } from '#src/contract/internal/gundeck.ts'
import type { Clock } from '#src/kit/clock.ts'
import type { Log } from '#src/kit/log.ts'
import type { Random } from '#src/kit/random.ts'
import type { Delivery } from './delivery.ts'
import {
  PUSH_GATEWAY_ATTEMPTS_MAX,
  PUSH_GATEWAY_PAUSE_MS,
  WAKES_PER_REQUEST_MAX,
  WAKINGS_AT_ONCE_MAX,
  WAKINGS_WAITING_MAX,
} from './limits.ts'
import type { NativePush, Wake } from './native-push.ts'
import { notificationId, type Position } from './notification-id.ts'
import type { Stored, Waking } from './store.ts'
import type { OwnedToken, PushTokenStore } from './store-push-tokens.ts'

export interface Device {
  readonly user: UserId
  readonly client: ClientId
}

/** Which of these devices listen now, to whichever replica. */
export type Listening = (devices: readonly Device[]) => Promise<readonly Device[]>

export interface WakingNeeds {
  readonly native: NativePush
  readonly tokens: PushTokenStore
  readonly listening: Listening
  /** Stores a notification. */
  readonly tell: (push: Push) => Promise<unknown>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Waker extends AsyncDisposable {
  stored(rows: readonly Stored[]): void
}

/** What is kept of a stored notification until somebody is woken for it: not what it says. */
interface Occasion {
  readonly user: UserId
  /** Empty: all. */
  readonly clients: readonly ClientId[]
  readonly at: Position
  readonly waking: Waking
}

export const wakeDevices = (needs: WakingNeeds): Waker => {
  const { log } = needs
  const stopping = new AbortController()
  let waiting: Occasion[] = []
  let running: Promise<void> | undefined
  let lost = 0

  const run = async (): Promise<void> => {
    while (waiting.length > 0 && !stopping.signal.aborted) {
      const some = waiting.slice(0, WAKINGS_AT_ONCE_MAX)
      waiting = waiting.slice(WAKINGS_AT_ONCE_MAX)
      // The devices find what they are not woken for; a fault with some must not leave all others asleep.
      await wakeFor(needs, some, stopping.signal).catch((error: unknown) =>
        log.warn({ err: error, notifications: some.length }, 'devices could not be woken'),
      )
    }
    running = undefined
  }

  return {
    stored: (rows) => {
      const room = WAKINGS_WAITING_MAX - waiting.length
      const wanted = rows.flatMap(({ entry: { user, clients, waking }, at }) =>
        waking ? [{ user, clients, at, waking }] : [],
      )
      if (wanted.length > room) {
        lost += wanted.length - room
        log.warn({ lost }, 'more happens than devices can be woken for')
      }
      waiting.push(...wanted.slice(0, room))
      if (waiting.length > 0) running ??= run()
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await running
    },
  }
}

/** Devices that do not listen hear of what is stored by another way than those that do. */
export const alsoWakingDevices = (delivery: Delivery, waker: Waker | undefined): Delivery =>
  waker === undefined
    ? delivery
    : {
        ...delivery,
        stored: (rows) => {
          delivery.stored(rows)
          waker.stored(rows)
        },
      }

const wakeFor = async (needs: WakingNeeds, occasions: readonly Occasion[], signal: AbortSignal): Promise<void> => {
  const candidates = wakesOf(occasions, await needs.tokens.of([...new Set(occasions.map(({ user }) => user))]))
  if (candidates.length === 0) return
  const listening = new Set((await needs.listening(candidates)).map(keyOf))
  const asleep = candidates.filter((wake) => !listening.has(keyOf(wake)))
  for (let start = 0; start < asleep.length; start += WAKES_PER_REQUEST_MAX) {
    const gone = await tryToWake(needs, asleep.slice(start, start + WAKES_PER_REQUEST_MAX), signal)
    for (const wake of gone) await forget(needs, wake)
  }
}

const keyOf = ({ user, client }: Device): string => `${user} ${client}`

/** One for each token, whatever it has waiting: the device fetches everything when it is awake. */
const wakesOf = (occasions: readonly Occasion[], tokens: readonly OwnedToken[]): Wake[] => {
  const byUser = Map.groupBy(tokens, ({ user }) => user)
  const wakes = new Map<OwnedToken, Wake>()
  for (const { user, clients, waking, at } of occasions) {
    for (const token of byUser.get(user) ?? []) {
      const isMeant = clients.length === 0 || clients.includes(token.client)
      if (!isMeant || token.client === waking.except) continue
      const isUrgent = waking.priority === 'high' || wakes.get(token)?.priority === 'high'
      wakes.set(token, { ...token, notification: notificationId(user, at), priority: isUrgent ? 'high' : 'low' })
    }
  }
  return [...wakes.values()]
}

const tryToWake = async (
  { native, clock }: WakingNeeds,
  wakes: readonly Wake[],
  signal: AbortSignal,
): Promise<readonly Wake[]> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await native.wake(wakes, signal)
    } catch (error) {
      if (attempt === PUSH_GATEWAY_ATTEMPTS_MAX || signal.aborted) throw error
      await clock.sleep(PUSH_GATEWAY_PAUSE_MS * attempt, signal)
    }
  }
}

/** The app may still be there and register anew when it hears of that (client-notifications.md §5.2). */
const forget = async (
  { tokens, tell, random }: WakingNeeds,
  { user, transport, app, token, client }: Wake,
): Promise<void> => {
  if (!(await tokens.remove(user, token))) return
  await tell({
    id: random.uuid(),
    recipients: [{ user, clients: [client] }],
    payload: [{ type: 'user.push-remove', token: { transport, app, token, client } }],
    transient: false,
    origin: null,
    nativePush: false,
  })
}
