/**
 * One `/events` connection: what the log holds for a device goes to it in order, so much at a time as it acknowledges
 * (client-notifications.md §6). It reads the log instead of being handed notifications: however far a device is
 * behind, nothing waits for it in our memory, and the present is no special case.
 */
import { type RawData, WebSocket } from 'ws'
import type { ClientId, UserId } from '#src/contract/ids.ts'
import { DeadlineExceeded, withDeadline } from '#src/kit/deadline.ts'
import type { Log } from '#src/kit/log.ts'
import { type Acknowledgements, acknowledgements } from './acknowledgements.ts'
import { SLOW_READER_TIMEOUT_MS, STREAM_PAGE_ROWS_MAX, UNACKNOWLEDGED_MAX, UNSENT_BYTES_MAX } from './limits.ts'
import type { Position } from './notification-id.ts'
import { TRY_AGAIN_LATER } from './sockets.ts'
import type { GundeckStore } from './store.ts'
import type { StoredStream, StreamStore } from './store-streams.ts'
import { eventFrame, type FromClient, MISSED_FRAME, readMessage, synchronizationFrame } from './stream-messages.ts'

/** RFC 6455 §7.4.1: what was said is nothing that may be said. */
const UNACCEPTABLE = 1003

export interface Stream {
  readonly user: UserId
  /** Undefined for a stream of everything that is kept nowhere. */
  readonly client: ClientId | undefined
  readonly connection: string
  readonly socket: WebSocket
  readonly openedMs: number
  lastHeardMs: number
  /** The log may hold more. */
  wake(): void
  /** What is no part of the log, for those who listen now. */
  sendTransient(at: Position, payload: string): void
  /** Returns when everything that was acknowledged is kept. */
  kept(): Promise<void>
}

export interface StreamOptions {
  readonly user: UserId
  readonly client: ClientId | undefined
  readonly connection: string
  readonly socket: WebSocket
  /** Asks to be told where the past ends. */
  readonly marker: string | undefined
  readonly start: StoredStream
  readonly now: () => number
}

export interface StreamNeeds {
  readonly store: GundeckStore
  readonly streams: StreamStore
  readonly log: Log
}

export const startStream = (needs: StreamNeeds, options: StreamOptions): Stream => {
  const { socket, start, now } = options
  const state: State = {
    acks: acknowledgements(start),
    readUpTo: start.upTo,
    mustBeginAnew: start.hasMissed,
    marker: options.marker,
    hasMore: true,
  }
  const pump = oneAtATime(() => readOn(needs, options, state))
  const keep = oneAtATime(async () => {
    if (options.client !== undefined) await needs.streams.acknowledge(options.user, options.client, state.acks.state())
  })
  const failed = (error: unknown): void => {
    needs.log.error({ err: error }, 'a stream of events')
    socket.close(TRY_AGAIN_LATER)
  }
  const wake = (): void => {
    state.hasMore = true
    pump.run().catch(failed)
  }
  const stream: Stream = {
    ...options,
    openedMs: now(),
    lastHeardMs: now(),
    wake,
    sendTransient: (at, payload) => {
      if (state.mustBeginAnew || state.acks.unacknowledged >= UNACKNOWLEDGED_MAX || isFull(socket)) return
      socket.send(eventFrame({ user: options.user, at, payload, tag: state.acks.sent(undefined) }), BINARY)
    },
    kept: () => keep.run().catch(failed),
  }
  converse(socket, {
    heard: () => {
      stream.lastHeardMs = now()
    },
    act: (message) => {
      act(needs, { options, state, message })
        .then((outcome) => {
          if (outcome === 'unexpected') return socket.close(UNACCEPTABLE)
          if (outcome === 'acknowledged') keep.run().catch(failed)
          return wake()
        })
        .catch(failed)
    },
    log: needs.log,
  })
  if (state.mustBeginAnew) socket.send(MISSED_FRAME, BINARY)
  wake()
  return stream
}

const BINARY = { binary: true } as const

interface State {
  readonly acks: Acknowledgements
  readUpTo: Position
  /** Until the device says that it has begun anew, it is told nothing. */
  mustBeginAnew: boolean
  marker: string | undefined
  hasMore: boolean
}

const readOn = async ({ store }: StreamNeeds, { user, client, socket }: StreamOptions, state: State): Promise<void> => {
  while (state.hasMore && !state.mustBeginAnew && socket.readyState === WebSocket.OPEN) {
    const room = UNACKNOWLEDGED_MAX - state.acks.unacknowledged
    if (room <= 0) return
    // Whatever is stored from here on wakes us again.
    state.hasMore = false
    const size = Math.min(room, STREAM_PAGE_ROWS_MAX)
    const { rows, hasMore } = await store.page(user, { after: state.readUpTo, client, size })
    for (const { at, payload } of rows) {
      state.readUpTo = at
      if (state.acks.isAcknowledged(at)) continue
      const tag = state.acks.sent(at)
      await sendPatiently(socket, eventFrame({ user, at, payload, tag }))
    }
    if (hasMore) state.hasMore = true
    else if (state.marker !== undefined) {
      await sendPatiently(socket, synchronizationFrame(state.marker, state.acks.sent(undefined)))
      state.marker = undefined
    }
  }
}

/** Waits for a reader that is slower than we are, but not for ever. */
const sendPatiently = async (socket: WebSocket, data: Buffer): Promise<void> => {
  if (socket.readyState !== WebSocket.OPEN) return
  const written = Promise.withResolvers<void>()
  // An error means that the connection is gone, which its close tells.
  socket.send(data, BINARY, () => written.resolve())
  if (!isFull(socket)) return
  try {
    await withDeadline(written.promise, SLOW_READER_TIMEOUT_MS, 'a reader of events')
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error
    socket.terminate()
  }
}

const isFull = (socket: WebSocket): boolean => socket.bufferedAmount > UNSENT_BYTES_MAX

interface Acting {
  readonly options: StreamOptions
  readonly state: State
  readonly message: FromClient | undefined
}

const act = async (
  { streams }: StreamNeeds,
  { options: { user, client }, state, message }: Acting,
): Promise<'acknowledged' | 'begun-anew' | 'unexpected'> => {
  if (message?.type === 'ack') {
    const { delivery_tag: tag, multiple } = message.data
    return state.acks.acknowledge(tag, multiple) ? 'acknowledged' : 'unexpected'
  }
  if (message?.type !== 'ack_full_sync' || !state.mustBeginAnew) return 'unexpected'
  if (client !== undefined) await streams.forgive(user, client)
  state.mustBeginAnew = false
  return 'begun-anew'
}

interface Conversing {
  readonly heard: () => void
  readonly act: (message: FromClient | undefined) => void
  readonly log: Log
}

const converse = (socket: WebSocket, { heard, act, log }: Conversing): void => {
  socket.on('ping', heard)
  socket.on('pong', heard)
  socket.on('message', (data: RawData) => {
    heard()
    act(Buffer.isBuffer(data) ? readMessage(data.toString('utf8')) : undefined)
  })
  // `ws` closes the socket by itself; 'close' follows.
  socket.on('error', (error) => log.debug({ err: error }, 'a websocket failed'))
}

/** Runs the work again after it has run if it was asked for meanwhile; everybody waits for the run that is for him. */
const oneAtATime = (work: () => Promise<void>): { run(): Promise<void> } => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    running = work().finally(() => {
      running = undefined
    })
    return running
  }
  const afterwards = async (): Promise<void> => {
    await running?.catch(() => {})
    next = undefined
    await start()
  }
  return { run: () => (running ? (next ??= afterwards()) : start()) }
}
