import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { after, before, describe, test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { systemClock } from '#src/kit/clock.ts'
import type { Credential } from '#src/world/authority.ts'
import { jsonAnswer } from './fake-component.ts'
import { until } from './fake-peer.ts'
import { knock, shakeHands, tlsOptions } from './knock.ts'
import { type IngressKind, type Net, startNet, type TestBackend } from './net.ts'
import { nginxExecutable } from './nginx.ts'

const withoutNginx = nginxExecutable === undefined ? 'nginx is not installed' : false

describe('the built-in ingress in the process of the federator', () => tryOn('builtin'))
describe('the built-in ingress in a process of its own', () => tryOn('split'))
describe('nginx with the printed configuration', { skip: withoutNginx, tags: ['nginx'] }, () => tryOn('nginx'))

const PEER_HOST = 'federator.peer.test'
const HEADERS = { 'wire-origin-domain': 'peer.test' }

function tryOn(ingress: IngressKind): void {
  let net: Net
  let own: TestBackend
  let good: Credential
  const call = (more: Partial<Parameters<typeof knock>[2]> = {}) =>
    knock(net, own, {
      credential: good,
      path: '/federation/brig/get-users-by-ids',
      headers: HEADERS,
      body: '[]',
      ...more,
    })

  before(async () => {
    net = await startNet()
    own = await net.start({ domain: 'own.test', ingress })
    good = await net.authority.issue({ dnsNames: [PEER_HOST] })
    net.publish('peer.test', [{ host: PEER_HOST, port: 1 }])
  })
  after(() => net[Symbol.asyncDispose]())

  /** An HTTP/2 session as the peer we know. */
  const openSession = async (): Promise<ClientHttp2Session> => {
    const socket = await shakeHands(tlsOptions(net, own, { credential: good }))
    const session = connectHttp2(`https://${own.infraDomain}`, { createConnection: () => socket })
    session.on('error', () => {})
    return session
  }

  test('a component is told what the protocol says, and nothing else that the peer sent', async () => {
    own.components.answer(() => jsonAnswer({}))
    const spoofed = {
      'wire-origin-ip': '203.0.113.1',
      'request-id': 'spoofed',
      'x-real-ip': '203.0.113.1',
      'x-forwarded-for': '203.0.113.1, 203.0.113.2',
      forwarded: 'for=203.0.113.1',
      'z-user': '99db9768-04e3-4b5d-9268-831b6a25c4ab',
      'z-connection': '1',
      authorization: 'Bearer x',
      cookie: 'zuid=x',
      accept: 'application/json',
      'content-type': 'text/plain',
    }
    const body = '{ "spaces":  "survive" }'
    await call({
      headers: { ...HEADERS, ...spoofed, 'x-wire-api-version': 'v0', 'wire-origin-request-id': 'abc' },
      body,
    })
    const contact = own.components.contacts.at(-1)
    assert.deepEqual(contact?.headers, {
      'content-type': 'application/json',
      'wire-origin-domain': 'peer.test',
      'request-id': 'abc',
      'wire-origin-ip': '127.0.0.1',
      'x-wire-api-version': 'v0',
    })
    assert.equal(Buffer.from(contact?.body ?? []).toString(), body)
    assert.deepEqual([contact?.component, contact?.rpc], ['brig', 'get-users-by-ids'])
  })

  test('a request id is made up where there is none', async () => {
    own.components.answer(() => jsonAnswer({}))
    await call()
    assert.match(own.components.contacts.at(-1)?.headers['request-id'] ?? '', /^[0-9a-f-]{36}$/)
  })

  test('of two origins at most the first is heard, and it must be the one of the certificate', async () => {
    const before = own.components.contacts.length
    const session = await openSession()
    const statusFor = async (...origins: string[]): Promise<number> => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/federation/brig/x',
        ':authority': own.infraDomain,
        'wire-origin-domain': origins,
      })
      stream.end('[]')
      stream.resume()
      const [headers] = await once(stream, 'response')
      return headers[':status']
    }
    const victim = await statusFor('victim.test', 'peer.test')
    assert.ok(victim === 400 || victim === 422 || victim === 403, `status ${victim}`)
    await statusFor('peer.test', 'victim.test')
    const heard = own.components.contacts.slice(before).map(({ headers }) => headers['wire-origin-domain'])
    assert.ok(heard.every((origin) => origin === 'peer.test'))
    session.destroy()
  })

  test('status, content type and body of a component are passed on, and no other header', async () => {
    own.components.answer(() => ({
      status: 404,
      headers: { 'content-type': 'text/weird', 'x-secret': 'yes', 'set-cookie': 'a=b' },
      body: Buffer.from('bar'),
    }))
    const { status, headers, body } = await call()
    assert.deepEqual([status, body, headers['content-type']], [404, 'bar', 'text/weird'])
    assert.equal(headers['x-secret'], undefined)
    assert.equal(headers['set-cookie'], undefined)
  })

  test('a component that fails, or is not there, is a server error that tells nothing', async () => {
    own.components.answer(() => Promise.reject(new Error('secret detail')))
    const { status, label, body } = await call()
    assert.deepEqual([status, label], [500, 'server-error'])
    assert.doesNotMatch(body, /secret/)
  })

  test('errors of a component from 500 on are told as error objects', async () => {
    own.components.answer(() => ({ status: 500, headers: {}, body: Buffer.from('stack trace') }))
    assert.deepEqual(JSON.parse((await call()).body), {
      code: 500,
      label: 'server-error',
      message: 'Internal server error',
    })
    own.components.answer(() => ({ status: 503, headers: {}, body: Buffer.from('later') }))
    assert.deepEqual(JSON.parse((await call()).body), { code: 503, label: 'server-error', message: 'later' })
    const error = { code: 533, label: 'x', message: 'y', data: { domain: 'c.test', path: '/p' } }
    own.components.answer(() => jsonAnswer({ ...error, extra: 1 }, 533))
    assert.deepEqual(JSON.parse((await call()).body), error)
  })

  test('twenty megabytes stream through at the pace of a slow reader', async () => {
    const size = 20 * 1024 * 1024
    let made = 0
    const source = async function* () {
      for (const chunk = Buffer.alloc(64 * 1024); made < size; made += chunk.length) yield chunk
    }
    own.components.answer(() => ({
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      body: source(),
    }))
    const session = await openSession()
    const stream = session.request({
      ':method': 'POST',
      ':path': '/federation/cargohold/stream-asset',
      ':authority': own.infraDomain,
      ...HEADERS,
    })
    stream.end('{}')
    await once(stream, 'response')
    await standsStill(() => made)
    assert.ok(made < size, 'everything was made though nothing was read')
    let received = 0
    for await (const chunk of stream) received += chunk.length
    assert.equal(received, size)
    session.destroy()
  })

  test('an answer that a component breaks off never looks whole', async () => {
    const source = async function* () {
      yield Buffer.from('{"half":')
      await systemClock.sleep(50)
      throw new Error('the component died')
    }
    own.components.answer(() => ({ status: 200, headers: { 'content-type': 'application/json' }, body: source() }))
    const session = await openSession()
    const stream = session.request({
      ':method': 'POST',
      ':path': '/federation/brig/x',
      ':authority': own.infraDomain,
      ...HEADERS,
    })
    stream.end('[]')
    await assert.rejects(async () => {
      for await (const _chunk of stream);
    })
    session.destroy()
  })

  test('a request that breaks off never reaches a component', async () => {
    own.components.answer(() => jsonAnswer({}))
    const before = own.components.contacts.length
    const session = await openSession()
    const stream = session.request({
      ':method': 'POST',
      ':path': '/federation/brig/x',
      ':authority': own.infraDomain,
      ...HEADERS,
    })
    stream.on('error', () => {})
    stream.write('["half"]')
    await systemClock.sleep(50)
    session.destroy()
    await call()
    assert.equal(own.components.contacts.length, before + 1)
  })

  test('requests of one connection are judged one by one', async () => {
    own.components.answer(() => jsonAnswer({}))
    const session = await openSession()
    const ask = async (origin: string): Promise<number> => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/federation/brig/x',
        ':authority': own.infraDomain,
        'wire-origin-domain': origin,
      })
      stream.end('[]')
      stream.resume()
      const [headers] = await once(stream, 'response')
      return headers[':status']
    }
    net.publish('victim.test', [{ host: 'federator.victim.test', port: 1 }])
    const statuses = await Promise.all(['peer.test', 'victim.test', 'peer.test', 'victim.test'].map(ask))
    assert.deepEqual(statuses, [200, 403, 200, 403])
    session.destroy()
  })

  test('TLS 1.2 with the ciphers of the reference and ALPN h2 is spoken', async () => {
    const socket = await shakeHands(
      tlsOptions(net, own, {
        credential: good,
        tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
      }),
    )
    assert.equal(socket.alpnProtocol, 'h2')
    assert.equal(socket.getProtocol(), 'TLSv1.2')
    socket.destroy()
  })

  test('TLS 1.1 is not', async () => {
    const tls: ConnectionOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }
    await assert.rejects(shakeHands(tlsOptions(net, own, { credential: good, tls })))
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`a ${version} session is not resumed, so that the certificate is seen every time`, async () => {
      const options = tlsOptions(net, own, { credential: good, tls: { maxVersion: version, minVersion: version } })
      const first = connect({ ...options, ALPNProtocols: ['h2'] })
      let ticket: Buffer | undefined
      first.on('session', (session) => (ticket = session))
      await once(first, 'secureConnect')
      const session = connectHttp2(`https://${own.infraDomain}`, { createConnection: () => first })
      const stream = session.request({ ':path': '/', ':authority': own.infraDomain })
      stream.resume()
      await once(stream, 'response')
      session.destroy()
      const second = await shakeHands({ ...options, session: ticket ?? first.getSession() })
      assert.equal(second.isSessionReused(), false)
      second.destroy()
    })
  }

  test('a peer without certificate is answered even while it uploads', async () => {
    const { status } = await knock(net, own, {
      path: '/federation/brig/x',
      headers: HEADERS,
      body: Buffer.alloc(8 * 1024 * 1024),
    })
    assert.equal(status, 400)
  })

  test('a hundred streams are served at once, and more are not opened', async () => {
    own.components.answer(() => jsonAnswer({}))
    const session = await openSession()
    await once(session, 'remoteSettings')
    assert.ok((session.remoteSettings.maxConcurrentStreams ?? Infinity) <= 128)
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/federation/brig/x',
          ':authority': own.infraDomain,
          ...HEADERS,
        })
        stream.on('response', (headers) => resolve(headers[':status'] ?? 0))
        stream.on('error', reject)
        stream.resume()
        stream.end('[]')
      })
    const statuses = await Promise.all(Array.from({ length: 100 }, ask))
    assert.ok(statuses.every((status) => status === 200))
    session.destroy()
  })
}

describe('how long a chain of certificates may be', () => {
  for (const ingress of ['builtin', 'nginx'] as const) {
    const skip = ingress === 'nginx' ? withoutNginx : false
    test(`is what the ingress is told (${ingress})`, { skip, tags: [ingress] }, async () => {
      await using net = await startNet()
      const one = await net.authority.intermediate('One')
      const two = await one.intermediate('Two')
      net.publish('peer.test', [{ host: PEER_HOST, port: 1 }])
      const names = { dnsNames: [PEER_HOST] }
      const direct = await net.authority.issue(names)
      const viaOne = await one.issue(names)
      // A client may send its root along; that changes neither what is trusted nor what is counted.
      const withRoot = (credential: Credential): Credential => ({
        ...credential,
        chainPem: credential.chainPem + net.authority.certificatePem,
      })
      const callers = [direct, withRoot(direct), viaOne, withRoot(viaOne), await two.issue(names)]
      const statusesAt = async (verifyDepth: number): Promise<number[]> => {
        const own = await net.start({ domain: `depth${verifyDepth}.test`, ingress, verifyDepth })
        const answers = callers.map((credential) =>
          knock(net, own, { credential, path: '/federation/brig/x', headers: HEADERS, body: '[]' }),
        )
        return (await Promise.all(answers)).map(({ status }) => status)
      }
      assert.deepEqual(await statusesAt(1), [200, 200, 400, 400, 400])
      assert.deepEqual(await statusesAt(2), [200, 200, 200, 200, 400])
      assert.deepEqual(await statusesAt(3), [200, 200, 200, 200, 200])
    })
  }
})

describe('the built-in ingress', () => {
  test('stops by letting requests under way finish', async () => {
    const net = await startNet()
    const own = await net.start({ domain: 'own.test' })
    const credential = await net.authority.issue({ dnsNames: [PEER_HOST] })
    net.publish('peer.test', [{ host: PEER_HOST, port: 1 }])
    const release = Promise.withResolvers<void>()
    own.components.answer(async () => {
      await release.promise
      return jsonAnswer({ late: true })
    })
    const answered = knock(net, own, { credential, path: '/federation/brig/x', headers: HEADERS, body: '[]' })
    await until(() => own.components.contacts.length === 1, 'the request arrives')
    const stopped = net[Symbol.asyncDispose]()
    release.resolve()
    assert.equal((await answered).body, '{"late":true}')
    await stopped
  })

  test('survives bytes that are no TLS and frames that are no HTTP/2', async () => {
    await using net = await startNet()
    const own = await net.start({ domain: 'own.test' })
    const credential = await net.authority.issue({ dnsNames: [PEER_HOST] })
    net.publish('peer.test', [{ host: PEER_HOST, port: 1 }])
    const socket = await shakeHands(tlsOptions(net, own, { credential }))
    socket.resume()
    socket.on('error', () => {})
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(2_000, 0xff)]))
    await once(socket, 'close')
    assert.equal(
      (await knock(net, own, { credential, path: '/federation/brig/x', headers: HEADERS, body: '[]' })).status,
      200,
    )
  })
})

const standsStill = async (value: () => number): Promise<void> => {
  let before = -1
  while (value() !== before) {
    before = value()
    await systemClock.sleep(100)
  }
}
