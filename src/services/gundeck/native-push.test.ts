/** Waking devices that are away, by a gateway that the test plays. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { z } from 'zod'
import { testClock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import type { Database } from '#src/storage/database.ts'
import { eventually } from '#src/storage/testing.ts'
import { PUSH_GATEWAY_ATTEMPTS_MAX, WAKES_PER_REQUEST_MAX } from './limits.ts'
import type { Wake } from './native-push.ts'
import { pushGateway } from './push-gateway.ts'
import { ALICE, BOB, event, LAPTOP, PHONE, startTestGundeck, temporaryDatabase, type TestGundeck } from './testing.ts'
import { wakeDevices } from './waking.ts'

const Asked = z.object({
  notifications: z.array(
    z.object({
      transport: z.string(),
      app: z.string(),
      token: z.string(),
      client: z.string(),
      user: z.string(),
      priority: z.string(),
      data: z.object({ type: z.literal('notice'), user: z.string(), data: z.object({ id: z.string() }) }),
    }),
  ),
})
type Asked = z.infer<typeof Asked>['notifications'][number]

const DEADLINE_MS = 60_000

let database: Database
let server: Server
let gundeck: TestGundeck
let asked: Asked[] = []
let gone: string[] = []
let authorization: string | undefined

before(async () => {
  database = await temporaryDatabase()
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await database[Symbol.asyncDispose]()
})
beforeEach(async () => {
  asked = []
  gone = []
  gundeck = await startTestGundeck(database, { nativePush: gateway() })
  for (const user of [ALICE, BOB]) await gundeck.tell('remove-user', { user })
  await register({ client: PHONE, token: 'of a1' })
  await register({ client: LAPTOP, token: 'of a2' })
  await register({ client: PHONE, token: 'of bob' }, BOB)
})
afterEach(() => gundeck[Symbol.asyncDispose]())

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  authorization = request.headers.authorization
  asked.push(...Asked.parse(JSON.parse(await text(request))).notifications)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ gone }))
  server.emit('asked')
}

const gateway = () =>
  pushGateway({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wake`, secret: 'hush' })

const register = async (token: { client: string; token: string }, user = ALICE): Promise<void> => {
  const { status } = await gundeck.send('POST', '/push/tokens', { transport: 'GCM', app: 'x', ...token }, user)
  assert.equal(status, 201)
}

/** Returns when somebody was woken with this token; what comes later is woken later. */
const woken = (token: string): Promise<void> =>
  withDeadline(
    (async () => {
      while (!asked.some((wake) => wake.token === token)) await once(server, 'asked')
    })(),
    DEADLINE_MS,
    `that ${token} is woken`,
  )

const tokens = (): string[] => asked.map(({ token }) => token)

test('NTF-014: only devices that do not listen are woken, for what is stored and by what they registered', async () => {
  const phone = await gundeck.open({ client: PHONE })
  await gundeck.push(event('for all'))
  await woken('of a2')
  await phone.has(1)
  assert.deepEqual(tokens(), ['of a2'])
  const { notifications } = await gundeck.list()
  assert.deepEqual(asked[0], {
    transport: 'GCM',
    app: 'x',
    token: 'of a2',
    client: LAPTOP,
    user: ALICE,
    priority: 'high',
    data: { type: 'notice', user: ALICE, data: { id: notifications[0]?.id } },
  })
  assert.equal(authorization, 'Bearer hush')
})

test('NTF-014 MSG-013: nobody is woken for what goes directly or is transient, nor the device that caused it', async () => {
  const phone = await gundeck.open({ client: PHONE })
  await gundeck.push(event('direct', { nativePush: false }))
  await gundeck.push(event('transient', { transient: true }))
  await gundeck.push(event('caused', { origin: { user: ALICE, client: LAPTOP, connection: '9' } }))
  await gundeck.push(event('for the phone', { recipients: [{ user: ALICE, clients: [PHONE] }] }))
  await phone.has(4)
  // Wakings go in the order of what they are for.
  await gundeck.push(event('end', { recipients: [{ user: BOB }] }))
  await woken('of bob')
  assert.deepEqual(tokens(), ['of bob'])
})

test('MSG-013: a message without hurry wakes without hurry', async () => {
  await gundeck.push(event('low', { priority: 'low', recipients: [{ user: BOB }] }))
  await woken('of bob')
  assert.deepEqual(
    asked.map(({ priority }) => priority),
    ['low'],
  )
})

test('NTF-014: what was stored before wakes nobody when it is pushed again', async () => {
  const once = event('once')
  await gundeck.push(once)
  await woken('of a2')
  await gundeck.push(once)
  await gundeck.push(event('end', { recipients: [{ user: BOB }] }))
  await woken('of bob')
  assert.deepEqual(tokens().toSorted(), ['of a1', 'of a2', 'of bob'])
})

test('NTF-014: a device that listens to another replica is not woken', async () => {
  const shared: Database = { ...database, kind: 'postgresql' }
  await using here = await startTestGundeck(shared, { nativePush: gateway() })
  await using there = await startTestGundeck(shared, { nativePush: gateway() })
  const phone = await there.open({ client: PHONE })
  await here.push(event('for all'))
  await woken('of a2')
  await phone.has(1)
  assert.deepEqual(tokens(), ['of a2'])
})

test('a token that is good no longer is forgotten, and its device told of that', async () => {
  gone = ['of a2']
  await gundeck.push(event('for all'))
  await woken('of a2')
  await eventually(isForgotten, 'the token is forgotten')
  const removal = { transport: 'GCM', app: 'x', token: 'of a2', client: LAPTOP }
  const { notifications } = await gundeck.list(`?client=${LAPTOP}`)
  assert.deepEqual(notifications.at(-1)?.payload, [{ type: 'user.push-remove', token: removal }])
})

const isForgotten = async (): Promise<boolean> => {
  const { tokens: left } = (await gundeck.get('/push/tokens')).body as { tokens: { token: string }[] }
  const { notifications } = await gundeck.list(`?client=${LAPTOP}`)
  return left.length === 1 && notifications.at(-1)?.payload[0]?.type === 'user.push-remove'
}

test('a gateway that fails is asked again, and for others afterwards; much is told in several requests', async () => {
  const requests: (readonly Wake[])[] = []
  let failures = 1
  const client = PHONE
  const users = Array.from({ length: WAKES_PER_REQUEST_MAX + 1 }, () => systemRandom.uuid() as typeof ALICE)
  const clock = testClock()
  const done = Promise.withResolvers<void>()
  await using waker = wakeDevices({
    native: {
      wake: async (wakes) => {
        requests.push(wakes)
        if (failures > 0) {
          failures -= 1
          throw new Error('away')
        }
        if (requests.length === 3) done.resolve()
        return []
      },
    },
    tokens: {
      put: async () => {},
      of: async (some) => some.map((user) => ({ user, client, transport: 'APNS', app: 'x', token: user })),
      remove: async () => true,
      forget: async () => {},
    },
    listening: async () => [],
    tell: async () => {},
    clock: { ...clock, sleep: async () => {} },
    random: systemRandom,
    log: nullLog,
  })
  const row = (user: typeof ALICE, seq: number) => ({
    at: 1_700_000_000_000_000 + seq,
    seq,
    entry: {
      user,
      pushId: systemRandom.uuid(),
      part: 0,
      clients: [],
      originConnection: undefined,
      payload: '[]',
      waking: { priority: 'high' as const, except: undefined },
    },
  })
  waker.stored(users.map(row))
  await withDeadline(done.promise, DEADLINE_MS, 'three requests')
  assert.deepEqual(
    requests.map(({ length }) => length),
    [WAKES_PER_REQUEST_MAX, WAKES_PER_REQUEST_MAX, 1],
  )
  assert.ok(PUSH_GATEWAY_ATTEMPTS_MAX > 1)
})
