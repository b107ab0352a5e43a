import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:net'
import { after, before, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { Domain } from '#src/contract/ids.ts'
import { systemClock } from '#src/kit/clock.ts'
import { createAuthority, selfSigned } from '#src/world/authority.ts'
import { callPeer } from './calling.ts'
import { answerOk, startFakePeer } from './fake-peer.ts'
import { ALLOW_ALL, type Net, startNet, type TestBackend } from './net.ts'

let net: Net
let own: TestBackend
/** Only for peers that never do what is waited for: one in order may take as long as a busy machine needs. */
let impatient: TestBackend
before(async () => {
  net = await startNet()
  own = await net.start({ domain: 'own.test' })
  impatient = await net.start({ domain: 'impatient.test', connectTimeoutMs: 1_500, headersTimeoutMs: 2_000 })
})
after(() => net[Symbol.asyncDispose]())

const failure = ({ status, json }: Awaited<ReturnType<typeof callPeer>>) => ({
  status,
  label: json?.label,
  code: json?.code,
  data: json?.data,
  inner: json?.inner,
})
const at = (host: string) => ({ type: 'federation', domain: host, path: '/federation/brig/api-version' })

test('the request arrives as the protocol describes it', async () => {
  await using peer = await startFakePeer(net, { domain: 'wire.test' })
  const body = Buffer.from('["x"]')
  await callPeer(own, 'wire.test', {
    component: 'galley',
    rpc: 'on-message-sent',
    body,
    headers: {
      'wire-origin-domain': 'own.test',
      'x-wire-api-version': '3',
      host: 'localhost',
      connection: 'keep-alive',
      'content-length': '5',
    },
  })
  const headers = Object.fromEntries(Object.entries(peer.streams[0]?.headers ?? {}))
  const requestId = headers['request-id']
  assert.deepEqual(headers, {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': 'federator.wire.test',
    ':path': '/federation/galley/on-message-sent',
    'wire-origin-domain': 'own.test',
    'x-wire-api-version': '3',
    'wire-origin-request-id': requestId,
    'request-id': requestId,
  })
})

test('the request id of the component is kept', async () => {
  await using peer = await startFakePeer(net, { domain: 'ids.test' })
  await callPeer(own, 'ids.test', { headers: { 'wire-origin-request-id': 'abc-1' } })
  assert.equal(peer.streams[0]?.headers['request-id'], 'abc-1')
  assert.equal(peer.streams[0]?.headers['wire-origin-request-id'], 'abc-1')
})

test('an answer comes back with its headers, and with the address of the peer instead of what it claims', async () => {
  await using _peer = await startFakePeer(net, {
    domain: 'answers.test',
    serve: ({ stream }) => {
      stream.respond({
        ':status': 201,
        'content-type': 'application/json',
        'x-more': 'yes',
        'wire-remote-ip': '203.0.113.1',
      })
      stream.end('{"a":1}')
    },
  })
  const { status, headers, text } = await callPeer(own, 'answers.test')
  assert.equal(status, 201)
  assert.equal(text, '{"a":1}')
  assert.equal(headers['x-more'], 'yes')
  assert.equal(headers['wire-remote-ip'], '127.0.0.1')
})

test('a target that is not allowed is refused without asking DNS or connecting', async () => {
  await using peer = await startFakePeer(net, { domain: 'denied.test' })
  own.remotes = { strategy: 'allowDynamic', remotes: [{ domain: Domain.parse('other.test') }] }
  const asked = net.dns.questions.length
  const denied = failure(await callPeer(own, 'denied.test'))
  own.remotes = ALLOW_ALL
  assert.deepEqual(denied, { status: 400, label: 'federation-denied', code: 400, data: undefined, inner: undefined })
  assert.equal(net.dns.questions.length, asked)
  assert.equal(peer.connections.length, 0)
})

test('a domain without SRV record is invalid, and one that cannot be looked up a failure', async () => {
  net.dns.setZone({ origin: 'silent.test', records: [] })
  const expected = { data: undefined, inner: undefined }
  assert.deepEqual(failure(await callPeer(own, 'silent.test')), {
    status: 422,
    label: 'invalid-domain',
    code: 422,
    ...expected,
  })
  assert.deepEqual(failure(await callPeer(own, 'nowhere.example')), {
    status: 400,
    label: 'discovery-failure',
    code: 400,
    ...expected,
  })
})

test('a closed port and a host without address are connection failures', async () => {
  const expected = { status: 521, label: 'federation-connection-refused', code: 521, inner: undefined }
  net.publish('closed.test', [{ host: 'federator.closed.test', port: 1 }])
  assert.deepEqual(failure(await callPeer(own, 'closed.test')), { ...expected, data: at('federator.closed.test') })
  net.publish('homeless.test', [{ host: 'no.homeless.test', port: 443 }])
  net.dns.removeZone('no.homeless.test')
  assert.deepEqual(failure(await callPeer(own, 'homeless.test')), { ...expected, data: at('no.homeless.test') })
})

test('a host that accepts and then says nothing is a TLS failure after the time-out', async () => {
  const mute = createPlainServer().listen(0, '127.0.0.1')
  await once(mute, 'listening')
  net.publish('mute.test', [{ host: 'federator.mute.test', port: portOf(mute) }])
  assert.deepEqual(failure(await callPeer(impatient, 'mute.test')), {
    status: 525,
    label: 'federation-tls-error',
    code: 525,
    data: at('federator.mute.test'),
    inner: undefined,
  })
  mute.close()
})

const UNTRUSTED = {
  'for another name': () => net.authority.issue({ dnsNames: ['other.test'] }),
  'with the name only as common name': () => net.authority.issue({ commonName: 'federator.bad.test' }),
  'of another authority': async () =>
    (await createAuthority('Other Authority', systemClock)).issue({ dnsNames: ['federator.bad.test'] }),
  'that is self-signed': () => selfSigned({ dnsNames: ['federator.bad.test'] }, systemClock),
  'that is expired': () =>
    net.authority.issue({ dnsNames: ['federator.bad.test'], notBefore: new Date(0), notAfter: new Date(86_400_000) }),
  'for clients only': () => net.authority.issue({ dnsNames: ['federator.bad.test'], purposes: ['clientAuth'] }),
  'with a dot at the end of the name': () => net.authority.issue({ dnsNames: ['federator.bad.test.'] }),
}

for (const [index, [what, issue]] of Object.entries(UNTRUSTED).entries()) {
  test(`a server certificate ${what} is a TLS failure, and nothing is sent`, async () => {
    // One backend that failed so often would be given a rest.
    const domain = `bad${index}.test`
    await using peer = await startFakePeer(net, { domain, host: 'federator.bad.test', credential: await issue() })
    assert.deepEqual(failure(await callPeer(own, domain)), {
      status: 525,
      label: 'federation-tls-error',
      code: 525,
      data: at('federator.bad.test'),
      inner: undefined,
    })
    assert.equal(peer.streams.length, 0)
  })
}

test('a peer that speaks only HTTP/1.1 and says so fails the handshake', async () => {
  const credential = await net.authority.issue({ dnsNames: ['federator.old.test'] })
  const options = { cert: credential.chainPem, key: credential.keyPem }
  const server = createTlsServer({ ...options, ALPNProtocols: ['http/1.1'] }).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  net.publish('old.test', [{ host: 'federator.old.test', port: portOf(server) }])
  assert.equal((await callPeer(own, 'old.test')).json?.label, 'federation-tls-error')
  server.close()
})

test('a peer that knows nothing of protocol negotiation is an HTTP/2 failure', async () => {
  const credential = await net.authority.issue({ dnsNames: ['federator.older.test'] })
  const server = createTlsServer({ cert: credential.chainPem, key: credential.keyPem }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  net.publish('older.test', [{ host: 'federator.older.test', port: portOf(server) }])
  const { status, json } = await callPeer(own, 'older.test')
  assert.deepEqual([status, json?.label], [533, 'federation-http2-error'])
  server.close()
})

test('an error object of the peer is passed on exactly, as the inner error', async () => {
  const inner = { code: 400, label: 'federation-denied', message: 'go away', data: { domain: 'own.test', path: '/x' } }
  await using _peer = await startFakePeer(net, {
    domain: 'refusing.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 400, 'content-type': 'application/json' })
      stream.end(JSON.stringify(inner))
    },
  })
  const refused = failure(await callPeer(own, 'refusing.test'))
  assert.deepEqual(refused, {
    status: 533,
    label: 'federation-remote-error',
    code: 533,
    data: at('federator.refusing.test'),
    inner,
  })
})

test('another answer of the peer that is no success is told as text, in bounds', async () => {
  await using _peer = await startFakePeer(net, {
    domain: 'talkative.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 404 })
      stream.end('x'.repeat(2_000_000))
    },
  })
  const { json } = await callPeer(own, 'talkative.test')
  const { code, label, message = '' } = json?.inner ?? {}
  assert.deepEqual([code, label], [404, 'unknown-error'])
  assert.ok(message.startsWith('xxx') && message.length < 10_000)
})

test('a redirect is an error and is not followed', async () => {
  await using peer = await startFakePeer(net, {
    domain: 'elsewhere.test',
    serve: ({ stream }) => {
      stream.respond({ ':status': 302, location: '/federation/brig/get-users-by-ids' })
      stream.end()
    },
  })
  const { status, json } = await callPeer(own, 'elsewhere.test')
  assert.deepEqual([status, json?.inner?.code], [533, 302])
  assert.equal(peer.streams.length, 1)
})

test('a peer that resets the stream, or closes the connection, is an HTTP/2 failure', async () => {
  await using _resetting = await startFakePeer(net, {
    domain: 'resetting.test',
    serve: ({ stream }) => stream.close(2),
  })
  await using _closing = await startFakePeer(net, { domain: 'closing.test', serve: ({ session }) => session.destroy() })
  const expected = { status: 533, label: 'federation-http2-error', code: 533, inner: undefined }
  assert.deepEqual(failure(await callPeer(own, 'resetting.test')), {
    ...expected,
    data: at('federator.resetting.test'),
  })
  assert.deepEqual(failure(await callPeer(own, 'closing.test')), { ...expected, data: at('federator.closing.test') })
})

test('a peer that does not begin to answer is given up, and the next request finds a new connection', async () => {
  await using peer = await startFakePeer(net, {
    domain: 'slow.test',
    serve: (arrived, count) => (count === 1 ? undefined : answerOk(arrived)),
  })
  const { status, json } = await callPeer(impatient, 'slow.test')
  assert.deepEqual([status, json?.label], [533, 'federation-http2-error'])
  assert.equal((await callPeer(impatient, 'slow.test')).status, 200)
  assert.equal(peer.connections.length, 2)
})

test('an answer that breaks off is never taken for a whole one', async () => {
  await using _peer = await startFakePeer(net, {
    domain: 'breaking.test',
    serve: ({ stream, session }) => {
      stream.respond({ ':status': 200 })
      stream.write('{"half":', () => setImmediate(() => session.destroy()))
    },
  })
  await assert.rejects(callPeer(own, 'breaking.test'))
})

test('the next target is tried when one cannot be reached or is not trusted', async () => {
  await using good = await startFakePeer(net, { domain: 'several.test', host: 'good.several.test' })
  await using bad = await startFakePeer(net, {
    domain: 'bad-one.test',
    host: 'bad.several.test',
    credential: await net.authority.issue({ dnsNames: ['x.test'] }),
  })
  net.publish('several.test', [
    { host: 'closed.several.test', port: 1, priority: 0 },
    { host: 'bad.several.test', port: bad.port, priority: 1 },
    { host: 'good.several.test', port: good.port, priority: 2 },
  ])
  assert.equal((await callPeer(own, 'several.test')).status, 200)
  assert.equal((await callPeer(own, 'several.test')).status, 200)
  assert.equal(good.streams.length, 2)
  // A target that just failed is not the first choice of the next request.
  assert.equal(bad.connections.length, 0)
})

test('when no target can be reached the failure of the first is told', async () => {
  await using bad = await startFakePeer(net, {
    domain: 'x.test',
    host: 'bad.none.test',
    credential: await net.authority.issue({ dnsNames: ['x.test'] }),
  })
  net.publish('none.test', [
    { host: 'closed.none.test', port: 1, priority: 0 },
    { host: 'bad.none.test', port: bad.port, priority: 1 },
  ])
  assert.deepEqual(failure(await callPeer(own, 'none.test')), {
    status: 521,
    label: 'federation-connection-refused',
    code: 521,
    data: at('closed.none.test'),
    inner: undefined,
  })
})

test('of many targets that all fail one request tries a few', async () => {
  let connections = 0
  const closing = createPlainServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(closing, 'listening')
  const host = 'federator.many.test'
  net.publish(
    'many.test',
    Array.from({ length: 90 }, (_, priority) => ({ host, port: portOf(closing), priority })),
  )
  assert.equal((await callPeer(own, 'many.test')).status, 525)
  assert.ok(connections >= 1 && connections <= 8, `${connections} connections`)
  closing.close()
})

test('a target with a dot at its end is reached, named without it', async () => {
  await using peer = await startFakePeer(net, { domain: 'dotted.test' })
  net.publish('dotted.test', [{ host: 'federator.dotted.test.', port: peer.port }])
  assert.equal((await callPeer(own, 'dotted.test')).status, 200)
  assert.equal(peer.connections[0]?.servername, 'federator.dotted.test')
})

test('a call that its caller gives up is taken back from the peer', async () => {
  const [arrived, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using _peer = await startFakePeer(net, {
    domain: 'patient.test',
    serve: ({ stream }) => {
      stream.once('close', () => closed.resolve())
      arrived.resolve()
    },
  })
  const controller = new AbortController()
  const call = callPeer(own, 'patient.test', { signal: controller.signal })
  await arrived.promise
  controller.abort(new Error('no longer needed'))
  await assert.rejects(call, /no longer needed/)
  await closed.promise
})

const portOf = (server: { address(): unknown }): number => {
  const address = server.address()
  if (typeof address !== 'object' || address === null || !('port' in address)) throw new Error('no port')
  return Number(address.port)
}
