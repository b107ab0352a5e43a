/** Connections that die without a word, as when a router on the way forgets them. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { createChannelPool } from '#src/federation/channel/pool.ts'
import { testClock } from '#src/kit/clock.ts'
import { readAll } from '#src/kit/http/wire.ts'
import type { Credential } from '#src/world/authority.ts'
import { answerOk, type PeerStream, startFakePeer, until } from './fake-peer.ts'
import { type Net, startNet } from './net.ts'

const HOST = 'federator.peer.test'
const domain = Domain.parse('peer.test')
let net: Net
let own: Credential
before(async () => {
  net = await startNet()
  own = await net.authority.issue({ dnsNames: ['federator.own.test'] })
})
after(() => net[Symbol.asyncDispose]())

/** Passes bytes on until told to stop; then existing connections stay open and silent, and new ones work. */
const startRelay = async (port: number) => {
  const pairs: Socket[][] = []
  const server = createServer((here) => {
    const there = connect(port, '127.0.0.1')
    pairs.push([here, there])
    for (const socket of [here, there]) socket.on('error', () => {})
    here.pipe(there).pipe(here)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const freeze = (): void => {
    for (const [here, there] of pairs) {
      here?.unpipe()
      there?.unpipe()
    }
  }
  const stop = async (): Promise<void> => {
    for (const socket of pairs.flat()) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { port: address.port, freeze, [Symbol.asyncDispose]: stop }
}

const start = async (serve: (arrived: PeerStream, count: number) => void = answerOk) => {
  const stack = new AsyncDisposableStack()
  const peer = stack.use(await startFakePeer(net, { domain, host: HOST, serve }))
  const relay = stack.use(await startRelay(peer.port))
  const clock = testClock()
  const pool = createChannelPool({
    discovery: { targetsOf: () => assert.fail('not asked for'), addressesOf: async () => ['127.0.0.1'] },
    peerAddresses: { refusalOf: () => undefined },
    tls: () => ({ ...own, anchors: [new X509Certificate(net.authority.certificatePem)] }),
    clock,
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 30_000,
    bodyIdleTimeoutMs: 60_000,
  })
  const ask = async (): Promise<number> => {
    const before = pool.load().streams
    const target = { host: HOST, port: relay.port, priority: 0, weight: 0 }
    const request = { path: '/federation/brig/x', headers: {}, body: Buffer.from('[]') }
    const { status, body } = await pool.request(domain, target, request)
    await readAll(body)
    await until(() => pool.load().streams <= before, 'the stream is closed')
    return status
  }
  const stop = async (): Promise<void> => {
    await stack.disposeAsync()
    await pool[Symbol.asyncDispose]()
  }
  return { peer, relay, clock, ask, [Symbol.asyncDispose]: stop }
}

test('a connection that died while it rested is found out before a request is lost on it', async () => {
  await using world = await start()
  await world.ask()
  world.relay.freeze()
  await world.clock.advance(10_000)
  const statuses = await Promise.all([world.ask(), world.ask(), world.ask()])
  assert.deepEqual(statuses, [200, 200, 200])
  assert.equal(world.peer.connections.length, 2)
  assert.equal(world.peer.streams.length, 4)
})

test('a connection that dies under a request is found out without waiting for all the time for headers', async () => {
  await using world = await start((arrived, count) => (count === 1 ? undefined : answerOk(arrived)))
  const asked = assert.rejects(world.ask(), /the stream ended without response/)
  await until(() => world.peer.streams.length === 1, 'the request arrives')
  world.relay.freeze()
  await world.clock.advance(10_000)
  await asked
  assert.equal(await world.ask(), 200)
})

test('a connection is tried only after a silence, once, and goes on being used', async () => {
  await using world = await start()
  await world.ask()
  let pings = 0
  world.peer.streams[0]?.session.on('ping', () => (pings += 1))
  await world.clock.advance(9_999)
  await world.ask()
  assert.equal(pings, 0)
  await world.clock.advance(10_000)
  await Promise.all([world.ask(), world.ask(), world.ask()])
  assert.equal(pings, 1)
  assert.equal(world.peer.connections.length, 1)
})

test('a peer that works for long keeps its connection', async () => {
  const held: PeerStream[] = []
  await using world = await start((arrived) => void held.push(arrived))
  const asked = world.ask()
  await until(() => held.length === 1, 'the request arrives')
  let pings = 0
  held[0]?.session.on('ping', () => (pings += 1))
  await world.clock.advance(10_000)
  await until(() => pings === 1, 'the connection is tried')
  held.forEach(answerOk)
  assert.equal(await asked, 200)
})
