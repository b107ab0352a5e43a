/** Sessions over time, under a clock that a test moves. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { createChannelPool } from '#src/federation/channel/pool.ts'
import type { Target } from '#src/federation/discovery.ts'
import type { TlsMaterial } from '#src/federation/tls-material.ts'
import { testClock } from '#src/kit/clock.ts'
import { readAll } from '#src/kit/http/wire.ts'
import type { Credential } from '#src/world/authority.ts'
import { answerOk, type FakePeer, type PeerStream, startFakePeer, until } from './fake-peer.ts'
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

const start = async (serve: (arrived: PeerStream, count: number) => void = answerOk, tls = {}) => {
  const peer = await startFakePeer(net, { domain, host: HOST, serve, tls })
  const clock = testClock()
  const anchors = [new X509Certificate(net.authority.certificatePem)]
  let material: TlsMaterial = { ...own, anchors }
  const pool = createChannelPool({
    discovery: { targetsOf: () => assert.fail('not asked for'), addressesOf: async () => ['127.0.0.1'] },
    peerAddresses: { refusalOf: () => undefined },
    tls: () => material,
    clock,
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 30_000,
    bodyIdleTimeoutMs: 60_000,
  })
  const target: Target = { host: HOST, port: peer.port, priority: 0, weight: 0 }
  const ask = async (): Promise<number> => {
    const before = pool.load().streams
    const { status, body } = await pool.request(domain, target, {
      path: '/federation/brig/x',
      headers: {},
      body: Buffer.from('[]'),
    })
    await readAll(body)
    // Not only its end: only when it is closed has the session noticed.
    await until(() => pool.load().streams <= before, 'the stream is closed')
    return status
  }
  const stop = async (): Promise<void> => {
    await peer[Symbol.asyncDispose]()
    await pool[Symbol.asyncDispose]()
  }
  const use = (credential: Credential): void => {
    material = { ...credential, anchors }
  }
  return { peer, clock, pool, target, ask, use, [Symbol.asyncDispose]: stop }
}

const areClosed = ({ connections }: FakePeer): boolean => connections.every(({ destroyed }) => destroyed)

test('a connection without work is closed after half a minute, and not before', async () => {
  await using world = await start()
  await world.ask()
  await world.clock.advance(29_000)
  await world.ask()
  await world.clock.advance(29_000)
  assert.equal(await world.ask(), 200)
  assert.equal(world.peer.connections.length, 1)
  await world.clock.advance(30_000)
  await until(() => areClosed(world.peer), 'the connection is closed')
  assert.equal(await world.ask(), 200)
  assert.equal(world.peer.connections.length, 2)
})

test('a connection with work is not idle', async () => {
  const held: PeerStream[] = []
  await using world = await start((arrived) => void held.push(arrived))
  const asked = world.ask()
  await until(() => held.length === 1, 'the request arrives')
  await world.clock.advance(29_999)
  held.forEach(answerOk)
  assert.equal(await asked, 200)
})

test('a peer that stays silent is given up after the time for headers, and its connection with it', async () => {
  await using world = await start((arrived, count) => (count === 1 ? undefined : answerOk(arrived)))
  const asked = assert.rejects(world.ask(), /no response headers in time/)
  await until(() => world.peer.streams.length === 1, 'the request arrives')
  await world.clock.advance(30_000)
  await asked
  assert.equal(await world.ask(), 200)
  assert.equal(world.peer.connections.length, 2)
})

test('sessions are filled, then a few more opened, and who finds no room waits no longer than for headers', async () => {
  await using world = await start(() => {}, { settings: { maxConcurrentStreams: 2 } })
  let ended = 0
  const asked = Array.from({ length: 12 }, () =>
    world
      .ask()
      .catch(String)
      .finally(() => (ended += 1)),
  )
  await until(() => world.peer.streams.length === 8, 'every session has its two requests')
  assert.equal(world.peer.connections.length, 4)
  // Those who are woken when the others give up start anew, on new sessions.
  await until(() => {
    void world.clock.advance(5_000)
    return ended === 12
  }, 'all have given up')
  const texts = await Promise.all(asked)
  assert.ok(texts.every((text) => /no response headers|left no room/.test(String(text))))
})

test('an unreachable target is remembered for ten seconds', async () => {
  const world = await start()
  await world.peer[Symbol.asyncDispose]()
  await assert.rejects(world.ask())
  assert.equal(world.pool.isCoolingDown(domain, world.target), true)
  await world.clock.advance(10_000)
  assert.equal(world.pool.isCoolingDown(domain, world.target), false)
})

test('closing a peer ends its connections and lets the request under way finish', async () => {
  const held: PeerStream[] = []
  await using world = await start((arrived) => void held.push(arrived))
  const asked = world.ask()
  await until(() => held.length === 1, 'the request arrives')
  world.pool.close(domain)
  held.forEach(answerOk)
  assert.equal(await asked, 200)
  await until(() => areClosed(world.peer), 'the connection is closed')
})

test('stopping cuts off what does not finish in time', async () => {
  await using world = await start(() => {})
  const asked = assert.rejects(world.ask())
  await until(() => world.peer.streams.length === 1, 'the request arrives')
  const stopped = world.pool[Symbol.asyncDispose]()
  await world.clock.advance(5_000)
  await stopped
  await asked
})

test('a replaced certificate is shown on the next connection', async () => {
  await using world = await start()
  const renewed = await net.authority.issue({ dnsNames: ['federator.own.test'] })
  await world.ask()
  world.use(renewed)
  world.pool.close(domain)
  await world.ask()
  assert.deepEqual(world.peer.serialNumbers, [own, renewed].map(serialNumberOf))
})

const serialNumberOf = ({ certificatePem }: Credential): string => new X509Certificate(certificatePem).serialNumber
