import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer as createPlainServer, type Socket } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { systemClock } from '#src/kit/clock.ts'
import { callPeer } from './calling.ts'
import { answerOk, type PeerStream, startFakePeer, until } from './fake-peer.ts'
import { type Net, startNet, type TestBackend } from './net.ts'

let net: Net
let own: TestBackend
before(async () => {
  net = await startNet()
  own = await net.start({ domain: 'own.test', connectTimeoutMs: 3_000, headersTimeoutMs: 5_000 })
})
after(() => net[Symbol.asyncDispose]())

const REFUSED_STREAM = 7
const REQUEST = { component: 'cargohold', rpc: 'stream-asset', headers: {}, body: Buffer.from('{}') } as const
const callTimes = (domain: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => callPeer(own, domain).then(({ status }) => status)))
const all = (status: number, count: number) => Array.from({ length: count }, () => status)

test('requests to one peer share one TLS connection, one after the other and fifty at once', async () => {
  await using peer = await startFakePeer(net, { domain: 'kept.test' })
  await callPeer(own, 'kept.test')
  await callPeer(own, 'kept.test')
  assert.deepEqual(await callTimes('kept.test', 50), all(200, 50))
  assert.equal(peer.connections.length, 1)
  assert.equal(peer.streams.length, 52)
})

test('fifty first requests at once open one connection', async () => {
  await using peer = await startFakePeer(net, { domain: 'burst.test' })
  assert.deepEqual(await callTimes('burst.test', 50), all(200, 50))
  assert.equal(peer.connections.length, 1)
})

test('two backends at one host have a connection each', async () => {
  await using peer = await startFakePeer(net, { domain: 'one.test', host: 'shared.test' })
  net.publish('two.test', [{ host: 'shared.test', port: peer.port }])
  await callPeer(own, 'one.test')
  await callPeer(own, 'two.test')
  assert.equal(peer.connections.length, 2)
})

test('the whole chain of our certificate is shown', async () => {
  const intermediate = await net.authority.intermediate('Intermediate')
  const credential = await intermediate.issue({ dnsNames: ['federator.chained.test'] })
  const chained = await net.start({ domain: 'chained.test', credential })
  await using peer = await startFakePeer(net, { domain: 'looking.test' })
  assert.equal((await callPeer(chained, 'looking.test')).status, 200)
  assert.equal(peer.connections[0]?.authorized, true)
})

// What the reference offers on TLS 1.2, and nothing else (federation-transport.md §8.1).
for (const [keyType, cipher] of [
  ['ec', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['rsa', 'ECDHE-RSA-AES256-GCM-SHA384'],
] as const) {
  test(`a peer that speaks only TLS 1.2 with ${cipher} is understood`, async () => {
    const credential = await net.authority.issue({ dnsNames: ['federator.classic.test'], keyType })
    const tls = { maxVersion: 'TLSv1.2', ciphers: cipher } as const
    await using peer = await startFakePeer(net, { domain: 'classic.test', credential, tls })
    assert.equal((await callPeer(own, 'classic.test')).status, 200)
    assert.equal(peer.connections[0]?.getCipher().name, cipher)
  })
}

test('TLS 1.1 and ciphers without forward secrecy are not spoken', async () => {
  const credential = await net.authority.issue({ dnsNames: ['federator.weak.test'], keyType: 'rsa' })
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' } as const
  await using _weak = await startFakePeer(net, { domain: 'weak.test', credential, tls: weak })
  assert.equal((await callPeer(own, 'weak.test')).status, 525)
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
  await using _old = await startFakePeer(net, { domain: 'weak.test', credential, tls: old })
  assert.equal((await callPeer(own, 'weak.test')).status, 525)
})

test('no more streams are opened at once than the peer allows', async () => {
  let active = 0
  let most = 0
  const serve = (arrived: PeerStream): void => {
    active += 1
    most = Math.max(most, active)
    arrived.stream.once('close', () => (active -= 1))
    setImmediate(() => answerOk(arrived))
  }
  const tls = { settings: { maxConcurrentStreams: 3 } }
  await using peer = await startFakePeer(net, { domain: 'narrow.test', tls, serve })
  await callPeer(own, 'narrow.test')
  assert.deepEqual(await callTimes('narrow.test', 60), all(200, 60))
  // A few sessions share the load; each keeps to what the peer said.
  assert.ok(peer.connections.length <= 4)
  assert.ok(most <= 3 * 4, `${most} at once`)
})

test('streams that a peer refuses unprocessed are sent again', async () => {
  const serve = (arrived: PeerStream, count: number): void => {
    if (count % 5 === 1) arrived.stream.close(REFUSED_STREAM)
    else answerOk(arrived)
  }
  await using _peer = await startFakePeer(net, { domain: 'refusing.test', serve })
  assert.deepEqual(await callTimes('refusing.test', 10), all(200, 10))
})

test('a peer that refuses everything is not asked for ever', async () => {
  await using peer = await startFakePeer(net, {
    domain: 'stubborn.test',
    serve: ({ stream }) => stream.close(REFUSED_STREAM),
  })
  const { status, json } = await callPeer(own, 'stubborn.test')
  assert.deepEqual([status, json?.label], [533, 'federation-http2-error'])
  assert.equal(peer.streams.length, 3)
})

test('after a goodbye what is under way is finished, and what comes next finds a new connection', async () => {
  const held: PeerStream[] = []
  const serve = (arrived: PeerStream, count: number): void => {
    if (count > 1) return answerOk(arrived)
    held.push(arrived)
    arrived.session.close()
  }
  await using peer = await startFakePeer(net, { domain: 'leaving.test', serve })
  const first = callPeer(own, 'leaving.test')
  await until(() => held.length === 1, 'the first request arrives')
  assert.equal((await callPeer(own, 'leaving.test')).status, 200)
  held.forEach(answerOk)
  assert.equal((await first).status, 200)
  assert.equal(peer.connections.length, 2)
})

test('requests that cross a goodbye on the way are not lost', async () => {
  // As common servers do after so many requests on one connection: later streams are ignored.
  const seen = new WeakMap<object, number>()
  const serve = (arrived: PeerStream): void => {
    const count = (seen.get(arrived.session) ?? 0) + 1
    seen.set(arrived.session, count)
    if (count > 5) return arrived.stream.close(REFUSED_STREAM)
    if (count === 5) arrived.session.goaway(0, arrived.stream.id)
    answerOk(arrived)
  }
  await using peer = await startFakePeer(net, { domain: 'counting.test', serve })
  assert.deepEqual(await callTimes('counting.test', 10), all(200, 10))
  assert.ok(peer.connections.length >= 2)
})

test('a peer that was restarted is found again', async () => {
  const first = await startFakePeer(net, { domain: 'restarted.test' })
  await callPeer(own, 'restarted.test')
  await first[Symbol.asyncDispose]()
  await using second = await startFakePeer(net, { domain: 'restarted.test' })
  await until(() => first.connections.every(({ destroyed }) => destroyed), 'the old connection is gone')
  assert.equal((await callPeer(own, 'restarted.test')).status, 200)
  assert.equal(second.connections.length, 1)
})

test('a host whose first address does not answer is reached at the next, in one request', async () => {
  await using peer = await startFakePeer(net, { domain: 'dual.test', host: 'federator.dual.test' })
  net.dns.setZone({
    origin: 'federator.dual.test',
    records: [
      // Nobody listens at the first; the second is where the peer is.
      { type: 'AAAA', name: 'federator.dual.test', address: '::1' },
      { type: 'A', name: 'federator.dual.test', address: '127.0.0.1' },
    ],
  })
  assert.equal((await callPeer(own, 'dual.test')).status, 200)
  assert.equal(peer.connections.length, 1)
})

test('a slow reader holds the sender back, and loses nothing of twenty megabytes', async () => {
  const size = 20 * 1024 * 1024
  let sent = 0
  const serve = ({ stream }: PeerStream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' })
    const source = Readable.from(
      zeros(size, (bytes) => (sent += bytes)),
      { objectMode: false },
    )
    pipeline(source, stream, () => {})
  }
  await using _peer = await startFakePeer(net, { domain: 'large.test', serve })
  const response = await own.federator.outward.transport.send({ ...REQUEST, domain: Domain.parse('large.test') })
  assert.ok(!(response.body instanceof Uint8Array))
  const reader = response.body[Symbol.asyncIterator]()
  const first = await reader.next()
  let received = first.value?.length ?? 0
  // While nobody reads on, the sender fills the windows and the buffers of the system, and then stands still.
  await standsStill(() => sent)
  assert.ok(sent < size, 'everything was sent though nothing was read')
  for (let next = await reader.next(); !next.done; next = await reader.next()) received += next.value.length
  assert.equal(received, size)
})

function* zeros(size: number, onChunk: (bytes: number) => void): Generator<Uint8Array> {
  const chunk = Buffer.alloc(64 * 1024)
  for (let made = 0; made < size; made += chunk.length) {
    onChunk(chunk.length)
    yield chunk
  }
}

const standsStill = async (value: () => number): Promise<void> => {
  let before = -1
  while (value() !== before) {
    before = value()
    await systemClock.sleep(100)
  }
}

test('a request that is streamed through the outward port reaches the peer whole', async () => {
  let received = 0
  const serve = ({ stream }: PeerStream): void => {
    stream.on('data', (chunk: Buffer) => (received += chunk.length))
    stream.on('end', () => answerOk({ stream }))
  }
  await using _peer = await startFakePeer(net, { domain: 'upload.test', serve })
  const response = await fetch(`${own.federator.outward.listener.url}/rpc/upload.test/brig/claim`, {
    method: 'POST',
    body: Buffer.alloc(5 * 1024 * 1024, 1),
  })
  assert.equal(response.status, 200)
  assert.equal(received, 5 * 1024 * 1024)
})

test('a request that breaks off at the outward port never looks whole to the peer', async () => {
  const ended = Promise.withResolvers<boolean>()
  const serve = ({ stream }: PeerStream): void => {
    stream.on('data', () => {})
    stream.on('close', () => ended.resolve(stream.readableEnded && stream.rstCode === 0))
  }
  await using peer = await startFakePeer(net, { domain: 'halved.test', serve })
  const socket: Socket = connect(own.federator.outward.listener.port, '127.0.0.1')
  socket.write(
    'POST /rpc/halved.test/brig/claim HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
  )
  await until(() => peer.streams.length === 1, 'the request arrives')
  socket.destroy()
  assert.equal(await ended.promise, false)
})

test('a connection that nobody accepts is given up after the time-out', async () => {
  const full = createPlainServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(full, 'listening')
  const address = full.address()
  assert.ok(address !== null && typeof address === 'object')
  net.publish('hangup.test', [{ host: 'federator.hangup.test', port: address.port }])
  assert.equal((await callPeer(own, 'hangup.test')).status, 525)
  full.close()
})
