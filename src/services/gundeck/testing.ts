/** For tests: a gundeck on its own listener, as the gateway sees it, and devices that listen to it. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { request } from 'undici'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { Notification, NotificationList } from '#src/contract/client/gundeck.ts'
import { ClientId, UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { gundeckInternal, type Push } from '#src/contract/internal/gundeck.ts'
import { type Clock, systemClock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { fake } from '#src/kit/http/fake.ts'
import { type Listener, listen } from '#src/kit/http/server.ts'
import type { Transport } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { callerHeaders } from '#src/rpc/context.ts'
import { type Database, openDatabase } from '#src/storage/database.ts'
import { startGundeck } from './gundeck.ts'
import type { NativePush } from './native-push.ts'

export const ALICE = UserId.parse('6f1e1f2a-0000-4000-8000-00000000a11c')
export const BOB = UserId.parse('6f1e1f2a-0000-4000-8000-000000000b0b')
export const PHONE = ClientId.parse('5d1f0a77c0b4e3a2')
export const LAPTOP = ClientId.parse('1a')

const DEADLINE_MS = 60_000

/** A database of its own in a directory of its own. */
export const temporaryDatabase = async (): Promise<Database> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'comity-gundeck-'))
  const database = await openDatabase({ dataDirectory: directory, log: nullLog })
  return {
    ...database,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

export interface TestGundeck extends AsyncDisposable {
  readonly url: string
  push(...pushes: readonly z.input<typeof Push>[]): Promise<void>
  tell(name: Exclude<keyof typeof gundeckInternal, 'push'>, body: unknown): Promise<void>
  get(target: string, user?: UserId, apiVersion?: number): Promise<{ readonly status: number; readonly body: unknown }>
  send(
    method: 'POST' | 'DELETE',
    target: string,
    body: unknown,
    user?: UserId,
  ): Promise<{ readonly status: number; readonly body: unknown }>
  list(query?: string, user?: UserId): Promise<z.infer<typeof NotificationList>>
  open(wishes?: DeviceWishes): Promise<Device>
  /** A device that acknowledges; without a client one that is kept nowhere. */
  stream(wishes?: DeviceWishes & { readonly marker?: string }): Promise<StreamingDevice>
}

export interface DeviceWishes {
  readonly user?: UserId
  readonly client?: string
  readonly connection?: string
}

const NOBODY = fake(brigInternal, { 'note-activity': async () => ({ outcome: 'noted' }) })

export interface GundeckWishes {
  readonly clock?: Clock
  readonly brig?: Transport
  readonly nativePush?: NativePush
}

export const startTestGundeck = async (
  database: Database,
  { clock = systemClock, brig = NOBODY, nativePush }: GundeckWishes = {},
): Promise<TestGundeck> => {
  const gundeck = await startGundeck({ database, brig, clock, nativePush, random: systemRandom, log: nullLog })
  const listener = await listen(gundeck.routes, { host: '127.0.0.1', port: 0, name: 'gundeck', log: nullLog })
  const accepting = gundeck.acceptUpgradesOn(listener.server)
  const post = async (target: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json', 'request-id': 'test' }
    const response = await request(`${listener.url}${target}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await response.body.text()
    if (response.statusCode !== 200) throw new Error(`${target} answered ${response.statusCode} ${text}`)
  }
  const get: TestGundeck['get'] = async (target, user = ALICE, apiVersion = 8) => {
    const caller = callerHeaders({ user, client: undefined, connection: '0' })
    const headers = { ...caller, 'x-comity-api-version': String(apiVersion) }
    const response = await request(`${listener.url}${target}`, { headers })
    return { status: response.statusCode, body: asJson(await response.body.text()) }
  }
  const send: TestGundeck['send'] = async (method, target, body, user = ALICE) => {
    const caller = callerHeaders({ user, client: undefined, connection: '0' })
    const headers = { ...caller, 'x-comity-api-version': '8', 'content-type': 'application/json' }
    const text = body === undefined ? null : JSON.stringify(body)
    const response = await request(`${listener.url}${target}`, { method, headers, body: text })
    return { status: response.statusCode, body: asJson(await response.body.text()) }
  }
  return {
    url: listener.url,
    push: (...pushes) => post('/i/push', { pushes }),
    tell: (name, body) => post(gundeckInternal[name].path, body),
    get,
    send,
    list: async (query = '', user = ALICE) => NotificationList.parse((await get(`/notifications${query}`, user)).body),
    open: (wishes) => openDevice(listener, wishes),
    stream: (wishes) => openStreaming(listener, wishes),
    [Symbol.asyncDispose]: async () => {
      await accepting[Symbol.asyncDispose]()
      await listener[Symbol.asyncDispose]()
      await gundeck[Symbol.asyncDispose]()
    },
  }
}

const asJson = (text: string): unknown => (text === '' ? undefined : JSON.parse(text))

const Frame = Notification.extend({ transient: z.boolean() })
export type Frame = z.infer<typeof Frame>

export interface Device {
  readonly socket: WebSocket
  /** Everything that came so far, as it came. */
  readonly raw: { readonly data: Buffer; readonly isBinary: boolean }[]
  frames(): Frame[]
  /** Types of the events that came so far. */
  types(): string[]
  /** Waits until so many frames have come. */
  has(count: number): Promise<void>
  closed(): Promise<number>
}

const openDevice = async (
  { url }: Listener,
  { user = ALICE, client, connection = '0' }: DeviceWishes = {},
): Promise<Device> => {
  const query = client === undefined ? '' : `?client=${client}`
  const headers = callerHeaders({ user, client: undefined, connection })
  const socket = new WebSocket(`${url.replace('http', 'ws')}/i/await${query}`, { headers })
  const raw: Device['raw'] = []
  let code: number | undefined
  socket.on('message', (data: Buffer, isBinary) => raw.push({ data, isBinary }))
  socket.on('close', (given) => {
    code = given
  })
  await once(socket, 'open')
  const frames = (): Frame[] => raw.map(({ data }) => Frame.parse(JSON.parse(data.toString('latin1'))))
  return {
    socket,
    raw,
    frames,
    types: () => frames().flatMap(({ payload }) => payload.map((event) => event.type)),
    has: (count) => withDeadline(reached(raw, count, socket), DEADLINE_MS, `frame ${count}`),
    closed: () =>
      withDeadline(
        (async () => code ?? Number((await once(socket, 'close'))[0]))(),
        DEADLINE_MS,
        'the end of a websocket',
      ),
  }
}

const reached = async (raw: readonly unknown[], count: number, socket: WebSocket): Promise<void> => {
  while (raw.length < count) await once(socket, 'message')
}

const StreamFrame = z.looseObject({
  type: z.string(),
  data: z
    .object({
      delivery_tag: z.int(),
      event: Notification.optional(),
      marker_id: z.string().optional(),
    })
    .optional(),
})
export type StreamFrame = z.infer<typeof StreamFrame>

export interface StreamingDevice {
  readonly socket: WebSocket
  frames(): StreamFrame[]
  /** Types of frames, for events those of what they hold. */
  types(): string[]
  has(count: number): Promise<void>
  acknowledge(tag: number, multiple?: boolean): void
  say(message: unknown): void
  closed(): Promise<number>
  /** Returns when the connection is closed on both sides. */
  leave(): Promise<void>
}

const openStreaming = async (
  { url }: Listener,
  { user = ALICE, client, connection = '0', marker }: DeviceWishes & { readonly marker?: string } = {},
): Promise<StreamingDevice> => {
  const query = new URLSearchParams({ ...(client && { client }), ...(marker && { sync_marker: marker }) })
  const headers = callerHeaders({ user, client: undefined, connection })
  const socket = new WebSocket(`${url.replace('http', 'ws')}/i/events?${query.toString()}`, { headers })
  const raw: string[] = []
  let code: number | undefined
  socket.on('message', (data: Buffer) => raw.push(data.toString('latin1')))
  socket.on('close', (given) => {
    code = given
  })
  await once(socket, 'open')
  const frames = (): StreamFrame[] => raw.map((text) => StreamFrame.parse(JSON.parse(text)))
  const closed = (): Promise<number> =>
    withDeadline(
      (async () => code ?? Number((await once(socket, 'close'))[0]))(),
      DEADLINE_MS,
      'the end of a stream of events',
    )
  const say = (message: unknown): void => socket.send(JSON.stringify(message))
  return {
    socket,
    frames,
    types: () => frames().flatMap(({ type, data }) => data?.event?.payload.map((event) => event.type) ?? [type]),
    has: (count) => withDeadline(reached(raw, count, socket), DEADLINE_MS, `frame ${count}`),
    acknowledge: (tag, multiple = false) => say({ type: 'ack', data: { delivery_tag: tag, multiple } }),
    say,
    closed,
    leave: async () => {
      socket.close()
      await closed()
    },
  }
}

let pushes = 0

/** A push of one event to all devices of alice, unless said otherwise. */
export const event = (type: string, wishes: Partial<z.input<typeof Push>> = {}): z.input<typeof Push> => ({
  id: `00000000-0000-4000-8000-${String((pushes += 1)).padStart(12, '0')}`,
  recipients: [{ user: ALICE }],
  payload: [{ type }],
  ...wishes,
})
