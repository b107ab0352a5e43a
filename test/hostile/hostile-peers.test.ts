/**
 * hardening.md §2 on the way out: what peers may answer us, and that calls to another peer go on meanwhile. Redirects,
 * SSRF and DNS have suites of their own (outward, forbidden-places, dns/hostile); here they are tried beside others.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type TLSSocket } from 'node:tls'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { withDeadline } from '#src/kit/deadline.ts'
import { type Net, startNet, type TestBackend } from '#test/federation/net.ts'
import { callPeer, type Outcome } from '#test/federation/calling.ts'
import { type PeerStream, startFakePeer } from '#test/federation/fake-peer.ts'
import { FLAG, FRAME, fieldsOf, frame, indexedField, rememberedField } from '#test/federation/raw-http2.ts'

const MEBIBYTE = 1024 * 1024
const MEMORY_GROWTH_BYTES_MAX = 128 * MEBIBYTE
const WITHIN_MS = 60_000
const CALLS_MIN = 5
let net: Net
let own: TestBackend
before(async () => {
  net = await startNet()
  own = await net.start({ domain: 'own.test' })
  await net.start({ domain: 'healthy.test' })
})
after(() => net[Symbol.asyncDispose]())

/** What the hostile one gave us; meanwhile another one is called without a pause. */
const callBeside = async (domain: string, caller = own): Promise<Outcome | { readonly failed: unknown }> => {
  const over = new AbortController()
  const hostile = withDeadline(
    callPeer(caller, domain).catch((failed: unknown) => ({ failed })),
    WITHIN_MS,
    'calling the hostile peer',
  ).finally(() => over.abort())
  for (let calls = 0; !over.signal.aborted || calls < CALLS_MIN; calls++) {
    const { status, text } = await callPeer(caller, 'healthy.test')
    assert.equal(status, 200, text)
  }
  return hostile
}

const labelOf = (outcome: Awaited<ReturnType<typeof callBeside>>): string | undefined =>
  'failed' in outcome ? 'failed' : outcome.json?.label

const pourWithoutEnd = ({ stream }: PeerStream, chunk: Buffer): void => {
  const more = (): void => {
    while (!stream.destroyed && stream.write(chunk));
  }
  stream.on('drain', more)
  more()
}

test('response bomb: an error without end is cut off', async () => {
  const serve = (arrived: PeerStream): void => {
    arrived.stream.respond({ ':status': 400, 'content-type': 'text/plain' })
    pourWithoutEnd(arrived, Buffer.alloc(64 * 1024, 'x'))
  }
  await using _peer = await startFakePeer(net, { domain: 'endless.test', serve })
  const before = process.memoryUsage().rss
  const outcome = await callBeside('endless.test')
  assert.equal(labelOf(outcome), 'federation-remote-error')
  assert.ok(process.memoryUsage().rss - before < MEMORY_GROWTH_BYTES_MAX)
})

test('response bomb: an answer without end is held back while nobody reads, and no memory goes to it', async () => {
  const serve = (arrived: PeerStream): void => {
    arrived.stream.respond({ ':status': 200, 'content-type': 'application/json' })
    pourWithoutEnd(arrived, Buffer.alloc(64 * 1024, ' '))
  }
  await using _peer = await startFakePeer(net, { domain: 'flood.test', serve })
  const before = process.memoryUsage().rss
  const headers = { 'wire-origin-domain': 'own.test' }
  const { transport } = own.federator.outward
  const response = await transport.send({
    domain: 'flood.test' as never,
    component: 'brig',
    rpc: 'x',
    headers,
    body: Buffer.from('[]'),
  })
  for (let calls = 0; calls < 20; calls++) assert.equal((await callPeer(own, 'healthy.test')).status, 200)
  assert.ok(process.memoryUsage().rss - before < MEMORY_GROWTH_BYTES_MAX)
  assert.ok(!(response.body instanceof Uint8Array))
  await response.body[Symbol.asyncIterator]().return?.()
})

test('response bomb: what is packed stays packed', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * MEBIBYTE))
  const serve = ({ stream }: PeerStream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'content-encoding': 'gzip' })
    stream.end(bomb)
  }
  await using _peer = await startFakePeer(net, { domain: 'packed.test', serve })
  const outcome = await callBeside('packed.test')
  assert.ok('text' in outcome && outcome.text.length <= bomb.length)
})

test('response bomb: a byte now and then is given up', async () => {
  const serve = ({ stream }: PeerStream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' })
    stream.write(' ')
  }
  await using _peer = await startFakePeer(net, { domain: 'drip.test', serve })
  // Elsewhere the others may take as long as this machine needs while it is flooded.
  const impatient = await net.start({ domain: 'impatient.test', bodyIdleTimeoutMs: 2_000 })
  assert.equal(labelOf(await callBeside('drip.test', impatient)), 'failed')
})

test('a redirect is not followed', async () => {
  await using elsewhere = await startFakePeer(net, { domain: 'elsewhere.test' })
  const location = `https://127.0.0.1:${elsewhere.port}/federation/brig/api-version`
  const serve = ({ stream }: PeerStream): void => {
    stream.respond({ ':status': 307, location })
    stream.end()
  }
  await using _peer = await startFakePeer(net, { domain: 'redirecting.test', serve })
  assert.equal(labelOf(await callBeside('redirecting.test')), 'federation-remote-error')
  assert.equal(elsewhere.connections.length, 0)
})

test('SSRF through SRV: targets inside are not connected to', async () => {
  const inside = createServer(() => assert.fail('somebody connected')).listen(0, '127.0.0.2')
  await once(inside, 'listening')
  const outside = await net.start({ domain: 'careful.test', allowedAddresses: ['127.0.0.1/32'] })
  const address = inside.address()
  assert.ok(address !== null && typeof address === 'object')
  const a = { type: 'A', name: 'inside.ssrf.test', address: '127.0.0.2' } as const
  net.publish('ssrf.test', [{ host: 'inside.ssrf.test', port: address.port }])
  net.dns.setZone({ origin: 'inside.ssrf.test', records: [a], negativeTtl: 0 })
  const { status, json } = await callPeer(outside, 'ssrf.test')
  assert.deepEqual([status, json?.label], [521, 'federation-connection-refused'])
  assert.equal((await callPeer(outside, 'healthy.test')).status, 200)
  inside.close()
})

test('DNS hostility: a thousand targets of which none answers cost others nothing', async () => {
  // As many as fit into a DNS message.
  const targets = Array.from({ length: 1_000 }, (_, index) => ({ host: `t${index}.m.test`, port: 1 }))
  net.publish('m.test', targets)
  const outcome = await callBeside('m.test')
  assert.ok('status' in outcome && outcome.status >= 400)
})

/** A peer by the byte: what it says once TLS stands. */
const speaking = async (domain: string, speak: (socket: TLSSocket) => void): Promise<AsyncDisposable> => {
  const host = `federator.${domain}`
  const credential = await net.authority.issue({ dnsNames: [host] })
  const sockets = new Set<TLSSocket>()
  const tls = { cert: credential.chainPem, key: credential.keyPem, ALPNProtocols: ['h2'] }
  const server = createServer(tls, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
    socket.write(frame(FRAME.settings, FLAG.none, 0))
    socket.once('data', () => setImmediate(() => speak(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  net.publish(domain, [{ host, port: address.port }])
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const flood = (make: () => Buffer, times: number) => (socket: TLSSocket) => {
  let sent = 0
  const more = (): void => {
    while (!socket.destroyed && sent < times) {
      sent += 1
      if (!socket.write(make())) return void socket.once('drain', more)
    }
  }
  more()
}

const OK = fieldsOf({ ':status': '200' })
const SPOKEN: Readonly<Record<string, (socket: TLSSocket) => void>> = {
  'a CONTINUATION flood': (socket) => {
    socket.write(frame(FRAME.headers, FLAG.none, 1, OK))
    const more = fieldsOf({ 'x-more': 'x'.repeat(16_000) })
    flood(() => frame(FRAME.continuation, FLAG.none, 1, more), 2_000)(socket)
  },
  'a header bomb': (socket) => {
    const named = Array.from({ length: 4_000 }, () => indexedField(62))
    const bomb = Buffer.concat([OK, rememberedField('x-bomb', 'b'.repeat(4_000)), ...named])
    socket.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, bomb))
  },
  'a SETTINGS flood': flood(() => frame(FRAME.settings, FLAG.none, 0), 50_000),
  'a PING flood': flood(() => frame(FRAME.ping, FLAG.none, 0, Buffer.alloc(8)), 50_000),
  'a push that nobody asked for': (socket) => {
    const PUSH_PROMISE = 5
    socket.write(frame(PUSH_PROMISE, FLAG.endHeaders, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), OK])))
  },
  'a header block that is none': (socket) => {
    socket.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.alloc(500, 0xff)))
  },
  'a goodbye before the hello is over': (socket) => {
    socket.write(frame(FRAME.goaway, FLAG.none, 0, Buffer.alloc(8)))
  },
  'something that is no HTTP/2 at all': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
  },
}

for (const [what, speak] of Object.entries(SPOKEN)) {
  test(`a peer that answers with ${what} fails alone`, async () => {
    const domain = `${what.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase()}.test`
    const before = process.memoryUsage().rss
    await using _peer = await speaking(domain, speak)
    const outcome = await callBeside(domain)
    assert.ok('status' in outcome && outcome.status >= 500, JSON.stringify(outcome))
    assert.ok(process.memoryUsage().rss - before < MEMORY_GROWTH_BYTES_MAX)
  })
}
