import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { nullLog } from '#src/kit/log.ts'
import type { Handover } from '#src/rpc/upgrade.ts'
import { ALICE, PHONE, SOON, startTestGateway, type TestGateway, testSigner } from './testing.ts'
import { tunnelTo } from './tunnel.ts'

/** Plays gundeck: greets whoever comes, and says everything it hears back. */
const websockets = new WebSocketServer({ noServer: true })
websockets.on('connection', (socket: WebSocket) => {
  socket.send('hello')
  socket.on('message', (data) => socket.send(data))
})

let handshakes: IncomingMessage[] = []
let gundeck: Server
let gateway: TestGateway

beforeEach(async () => {
  handshakes = []
  gundeck = createServer()
  gundeck.on('upgrade', (request, socket, head) => {
    handshakes.push(request)
    websockets.handleUpgrade(request, socket, head, (socket) => websockets.emit('connection', socket, request))
  })
  gundeck.listen(0, '127.0.0.1')
  await once(gundeck, 'listening')
  const { port } = gundeck.address() as AddressInfo
  gateway = await startTestGateway(tunnelTo(`http://127.0.0.1:${port}`, { log: nullLog }))
})
afterEach(async () => {
  for (const socket of websockets.clients) socket.terminate()
  gundeck.close()
  await gateway[Symbol.asyncDispose]()
})

const open = (path: string, headers: Record<string, string> = {}): WebSocket =>
  new WebSocket(`${gateway.url.replace('http', 'ws')}${path}`, { headers })

const refusalOf = async (socket: WebSocket): Promise<number | undefined> => {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  socket.on('error', () => {})
  socket.terminate()
  return response.statusCode
}

test('a websocket is handed to gundeck with its caller and its filter, and without its token', async () => {
  const socket = open(`/await?access_token=${gateway.token}&client=5d1f`, { 'z-user': 'spoofed', 'request-id': 'mine' })
  const [greeting] = await once(socket, 'message')
  assert.equal(String(greeting), 'hello')
  const [request] = handshakes
  assert.equal(request?.url, '/i/await?client=5d1f')
  assert.equal(request?.headers['z-user'], ALICE)
  assert.equal(request?.headers['z-client'], PHONE)
  assert.equal(request?.headers['z-connection'], '42')
  assert.notEqual(request?.headers['request-id'], 'mine')
  assert.doesNotMatch(JSON.stringify([request?.url, request?.rawHeaders]), /access_token|v=1/)
  socket.terminate()
})

test('a stream of events is asked for with the prefix of its version, and handed over with its marker', async () => {
  const socket = open(`/v8/events?client=5d1f&sync_marker=m%20%26&access_token=${gateway.token}`)
  await once(socket, 'message')
  assert.deepEqual(
    handshakes.map(({ url }) => url),
    ['/i/events?client=5d1f&sync_marker=m+%26'],
  )
  assert.equal(await refusalOf(open('/v8/events')), 401)
  socket.terminate()
})

test('frames of every size pass in both directions', async () => {
  const socket = open('/websocket', { authorization: `Bearer ${gateway.token}` })
  await once(socket, 'message')
  for (const size of [1, 1_000, 5_000_000]) {
    socket.send(Buffer.alloc(size, 'x'))
    const [echo] = (await once(socket, 'message')) as [Buffer]
    assert.equal(echo.length, size)
  }
  socket.terminate()
})

test('a goodbye reaches the other side from both sides', async () => {
  const leaving = open('/await', { authorization: `Bearer ${gateway.token}` })
  await once(leaving, 'message')
  const [serverSide] = websockets.clients
  leaving.close(1000)
  assert.ok(serverSide)
  assert.deepEqual((await once(serverSide, 'close'))[0], 1000)

  const dismissed = open('/await', { authorization: `Bearer ${gateway.token}` })
  await once(dismissed, 'message')
  for (const socket of websockets.clients) socket.close(1001)
  assert.deepEqual((await once(dismissed, 'close'))[0], 1001)
})

test('a device that vanishes leaves nothing open behind', async () => {
  const socket = open('/await', { authorization: `Bearer ${gateway.token}` })
  await once(socket, 'message')
  const [serverSide] = websockets.clients
  socket.terminate()
  assert.ok(serverSide)
  await once(serverSide, 'close')
})

test('without a good token there is no websocket, and gundeck hears nothing', async () => {
  assert.equal(await refusalOf(open('/await')), 401)
  assert.equal(await refusalOf(open(`/await?access_token=${testSigner(1).accessToken({ expiresAt: SOON })}`)), 401)
  assert.equal(await refusalOf(open(`/await?access_token=${gateway.signer.accessToken({ expiresAt: 1_000 })}`)), 401)
  assert.equal(await refusalOf(open(`/await?access_token=${gateway.signer.cookie({ expiresAt: SOON })}`)), 403)
  assert.deepEqual(handshakes, [])
})

test('a prefix or another path makes no websocket', async () => {
  for (const path of ['/v8/await', '/events', '/v7/events', '/i/await', '/i/events']) {
    assert.equal(await refusalOf(open(path, { authorization: `Bearer ${gateway.token}` })), 404)
  }
  assert.deepEqual(handshakes, [])
})

test('a gundeck that is away is said to be away', async () => {
  gundeck.close()
  assert.equal(await refusalOf(open(`/await?access_token=${gateway.token}`)), 503)
})

test('a gateway that stops ends its websockets', async () => {
  const socket = open('/await', { authorization: `Bearer ${gateway.token}` })
  await once(socket, 'message')
  await gateway[Symbol.asyncDispose]()
  await once(socket, 'close')
  gateway = await startTestGateway(async () => undefined)
})

test('in one process the socket itself is handed over, with who it is', async () => {
  await gateway[Symbol.asyncDispose]()
  const handovers: Handover[] = []
  gateway = await startTestGateway(async (handover) => {
    handovers.push(handover)
    websockets.handleUpgrade(handover.request, handover.socket, handover.head, (socket) =>
      websockets.emit('connection', socket, handover.request),
    )
    return { goAway: () => websockets.clients.forEach((socket) => socket.close(1001)) }
  })
  const socket = open(`/await?access_token=${gateway.token}`)
  await once(socket, 'message')
  assert.deepEqual(handovers[0]?.caller, { user: ALICE, client: PHONE, connection: '42' })
  const closed = once(socket, 'close')
  await gateway[Symbol.asyncDispose]()
  assert.equal((await closed)[0], 1001)
  gateway = await startTestGateway(async () => undefined)
})
