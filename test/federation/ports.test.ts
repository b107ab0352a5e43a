/** The two plain ports of a federator: for components outward, for an ingress inward (federation-transport.md §16). */
import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import type { PlainListener } from '#src/federation/http1.ts'
import { INGRESS_SECRET_HEADER } from '#src/federation/ingress-secret.ts'
import { answerOk, startFakePeer } from './fake-peer.ts'
import { ALLOW_ALL, type Net, startNet, type TestBackend } from './net.ts'

let net: Net
let own: TestBackend
let certificate: string
before(async () => {
  net = await startNet()
  own = await net.start({ domain: 'own.test' })
  certificate = (await net.authority.issue({ dnsNames: ['federator.peer.test'] })).certificatePem
  net.publish('peer.test', [{ host: 'federator.peer.test', port: 1 }])
})
after(() => net[Symbol.asyncDispose]())

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}
interface Got {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const send = (
  { host, port }: PlainListener,
  path: string,
  { method = 'POST', headers = {}, body = method === 'GET' ? '' : '[]' }: Sent = {},
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })

/** What an ingress of this backend sends. */
const sendInward = ({ federator, ingressSecret }: TestBackend, path: string, more: Sent): Promise<Got> =>
  send(federator.inward.listener, path, {
    ...more,
    headers: { [INGRESS_SECRET_HEADER]: ingressSecret, ...more.headers },
  })
const inward = (path: string, more: Sent = {}): Promise<Got> =>
  sendInward(own, path, {
    ...more,
    headers: more.headers ?? {
      'wire-origin-domain': 'peer.test',
      'x-ssl-certificate': encodeURIComponent(certificate),
    },
  })
const outward = (path: string, more: Sent = {}): Promise<Got> => send(own.federator.outward.listener, path, more)
const labelOf = ({ text }: Got): unknown =>
  text.startsWith('{') ? (JSON.parse(text) as { label: string }).label : undefined
const RPC = '/federation/brig/get-users-by-ids'

test('inward: a request with the certificate of a peer reaches the component', async () => {
  const { status, headers, text } = await inward(RPC)
  assert.deepEqual([status, headers['content-type'], text], [200, 'application/json', '{"ok":true}'])
})

const WRONG_SECRETS: Readonly<Record<string, (secret: string) => Record<string, string>>> = {
  'no secret': () => ({}),
  'an empty secret': () => ({ [INGRESS_SECRET_HEADER]: '' }),
  'another secret': () => ({ [INGRESS_SECRET_HEADER]: 'x'.repeat(43) }),
  'the beginning of the secret': (secret) => ({ [INGRESS_SECRET_HEADER]: secret.slice(0, -1) }),
  'the secret and more': (secret) => ({ [INGRESS_SECRET_HEADER]: `${secret}x` }),
  'the secret twice': (secret) => ({ [INGRESS_SECRET_HEADER]: `${secret}, ${secret}` }),
  'the secret under another name': (secret) => ({ comity_ingress_secret: secret, authorization: secret }),
}
for (const [what, headersOf] of Object.entries(WRONG_SECRETS)) {
  test(`inward: a direct call with ${what} is refused before anything else is looked at`, async () => {
    const before = own.components.contacts.length
    const certified = { 'wire-origin-domain': 'peer.test', 'x-ssl-certificate': encodeURIComponent(certificate) }
    const ask = async (path: string, method: string) => {
      const headers = { ...certified, ...headersOf(own.ingressSecret) }
      const got = await send(own.federator.inward.listener, path, { method, headers })
      return [got.status, labelOf(got)]
    }
    const refused = [403, 'authentication-failure']
    assert.deepEqual(await ask(RPC, 'POST'), refused)
    assert.deepEqual(await ask('/nowhere?x', 'GET'), refused)
    assert.deepEqual(await ask('/i/status', 'POST'), refused)
    assert.equal(own.components.contacts.length, before)
  })
}

const WRONG_CERTIFICATES: Readonly<Record<string, () => string | undefined>> = {
  missing: () => undefined,
  'not a certificate': () => 'not a certificate',
  'two certificates': () => encodeURIComponent(certificate + certificate),
  'not encoded': () => certificate.replaceAll('\n', ' '),
}
for (const [what, header] of Object.entries(WRONG_CERTIFICATES)) {
  test(`inward: a certificate header that is ${what} is refused in plain text`, async () => {
    const before = own.components.contacts.length
    const value = header()
    const headers = { 'wire-origin-domain': 'peer.test', ...(value !== undefined && { 'x-ssl-certificate': value }) }
    const got = await inward(RPC, { headers })
    assert.deepEqual([got.status, labelOf(got)], [400, undefined])
    assert.match(got.headers['content-type'] ?? '', /^text\/plain/)
    assert.equal(own.components.contacts.length, before)
  })
}

test('inward: checks come in the order of the table', async () => {
  const strict = await net.start({ domain: 'strict.test', remotes: { strategy: 'allowNone', remotes: [] } })
  const outcome = async (path: string, more: Sent) => {
    const got = await sendInward(strict, path, more)
    return [got.status, labelOf(got)]
  }
  const certified = { 'x-ssl-certificate': encodeURIComponent(certificate) }
  const headers = { ...certified, 'wire-origin-domain': 'nowhere.example' }
  assert.deepEqual(await outcome('/nowhere?x', { method: 'GET' }), [404, undefined])
  assert.deepEqual(await outcome('/federation/mast/x?x', { method: 'GET' }), [400, undefined])
  assert.deepEqual(await outcome(`${RPC}?x`, { method: 'GET', headers: certified }), [400, undefined])
  assert.deepEqual(await outcome(`${RPC}?x`, { method: 'GET', headers }), [403, 'invalid-endpoint'])
  assert.deepEqual(await outcome(`${RPC}?x`, { headers }), [403, 'invalid-endpoint'])
  assert.deepEqual(await outcome(RPC, { headers }), [400, 'federation-denied'])
  strict.remotes = ALLOW_ALL
  assert.deepEqual(await outcome(RPC, { headers }), [400, 'discovery-failure'])
})

test('inward: a list that cannot be had is a server error, and lets nobody in', async () => {
  const lost = await net.start({ domain: 'lost.test' })
  lost.remotes = undefined as unknown as typeof ALLOW_ALL
  const headers = { 'wire-origin-domain': 'peer.test', 'x-ssl-certificate': encodeURIComponent(certificate) }
  const got = await sendInward(lost, RPC, { headers })
  assert.deepEqual([got.status, labelOf(got)], [500, 'server-error'])
  assert.doesNotMatch(got.text, /undefined/)
  assert.equal(lost.components.contacts.length, 0)
})

test('inward: an address in X-Forwarded-For is told to the component', async () => {
  const headers = { 'wire-origin-domain': 'peer.test', 'x-ssl-certificate': encodeURIComponent(certificate) }
  await inward(RPC, { headers: { ...headers, 'x-forwarded-for': 'unknown, [2001:db8::7]:443, 192.0.2.1' } })
  assert.equal(own.components.contacts.at(-1)?.headers['wire-origin-ip'], '2001:db8::7')
  await inward(RPC, { headers })
  assert.equal(own.components.contacts.at(-1)?.headers['wire-origin-ip'], undefined)
})

const OUTWARD: readonly (readonly [string, string, number, string | undefined])[] = [
  ['POST', '/rpc/peer.test/brig', 404, undefined],
  ['POST', '/rpc/peer.test/brig/', 404, undefined],
  ['POST', '/rpc/peer.test/brig/a/b', 404, undefined],
  ['POST', '/federation/brig/a', 404, undefined],
  ['POST', '/rpc/peer/brig/a', 400, undefined],
  ['POST', '/rpc/peer.test/mast/a', 400, undefined],
  ['POST', '/rpc/peer.test/Brig/a', 400, undefined],
  ['POST', '/rpc/peer.test/brig/a.b', 400, undefined],
  ['POST', '/rpc/peer.test/brig/..%2Fi', 400, undefined],
  ['GET', '/rpc/peer.test/brig/a', 403, 'invalid-endpoint'],
  ['PUT', '/rpc/peer.test/brig/a', 403, 'invalid-endpoint'],
  ['POST', '/rpc/peer.test/brig/a?', 403, 'invalid-endpoint'],
  ['POST', '/rpc/peer.test/brig/a?b=c', 403, 'invalid-endpoint'],
]
for (const [method, path, status, label] of OUTWARD) {
  test(`outward: ${method} ${path} is answered ${status}`, async () => {
    const got = await outward(path, { method })
    assert.deepEqual([got.status, labelOf(got)], [status, label])
  })
}

test('outward: a call is relayed, a slash after it or not, with the headers of the component', async () => {
  await using peer = await startFakePeer(net, { domain: 'relayed.test' })
  const got = await outward('/rpc/Relayed.Test/galley/on-message-sent/', {
    headers: { 'wire-origin-domain': 'own.test', 'x-wire-api-version': '1' },
  })
  assert.deepEqual([got.status, got.text, got.headers['wire-remote-ip']], [200, '{"ok":true}', '127.0.0.1'])
  const { headers } = peer.streams[0] ?? {}
  assert.equal(headers?.[':path'], '/federation/galley/on-message-sent')
  assert.equal(headers?.['x-wire-api-version'], '1')
  assert.equal(headers?.['host'], undefined)
})

test('outward: statuses of our own have a reason', async () => {
  net.publish('closed.test', [{ host: 'federator.closed.test', port: 1 }])
  const refused = await outward('/rpc/closed.test/brig/a')
  assert.deepEqual([refused.status, refused.reason], [521, 'Remote Federator Connection Refused'])
  await using _peer = await startFakePeer(net, {
    domain: 'no.test',
    serve: ({ stream }) => stream.respond({ ':status': 404 }, { endStream: true }),
  })
  const failed = await outward('/rpc/no.test/brig/a')
  assert.deepEqual([failed.status, failed.reason], [533, 'Unexpected Federation Response'])
})

test('outward: a component that goes away takes its call back', async () => {
  const closed = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  await using _peer = await startFakePeer(net, {
    domain: 'waiting.test',
    serve: ({ stream }) => {
      stream.once('close', () => closed.resolve())
      arrived.resolve()
    },
  })
  const { host, port } = own.federator.outward.listener
  const socket = connect(port, host)
  socket.write('POST /rpc/waiting.test/brig/a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n[]')
  await arrived.promise
  socket.destroy()
  await closed.promise
})

test('both ports say how they are, each asking the other', async () => {
  const { outward: out, inward: inn } = own.federator
  for (const { listener } of [out, inn]) {
    assert.equal((await send(listener, '/i/status?standalone', { method: 'GET' })).status, 200)
    assert.equal((await send(listener, '/i/status', { method: 'GET' })).status, 200)
  }
})

test('status tells when the other port is gone', async () => {
  const lone = await net.start({ domain: 'lone.test' })
  await lone.federator.inward.listener[Symbol.asyncDispose]()
  const got = await send(lone.federator.outward.listener, '/i/status', { method: 'GET' })
  assert.equal(got.status, 500)
  assert.match(got.text, /inward/)
})

test('requests are counted by domain, the denied ones under one name', async () => {
  const counted = await net.start({
    domain: 'counted.test',
    remotes: { strategy: 'allowDynamic', remotes: [{ domain: Domain.parse('peer.test') }] },
  })
  const headers = { 'x-ssl-certificate': encodeURIComponent(certificate) }
  const ask = (origin: string) => sendInward(counted, RPC, { headers: { ...headers, 'wire-origin-domain': origin } })
  await ask('peer.test')
  await ask('peer.test')
  await ask('a.example')
  await ask('b.example')
  await using _peer = await startFakePeer(net, { domain: 'peer.test', serve: (arrived) => answerOk(arrived) })
  await send(counted.federator.outward.listener, '/rpc/peer.test/brig/a')
  await send(counted.federator.outward.listener, '/rpc/a.example/brig/a')
  const lines = await metricsOf(counted.federator.inward.listener)
  assert.deepEqual(
    lines.filter((line) => line.startsWith('com_wire_')),
    [
      'com_wire_federator_outgoing_requests{target_domain="peer.test"} 1',
      'com_wire_federator_incoming_requests{origin_domain="peer.test"} 2',
      'com_wire_federator_incoming_requests{origin_domain="denied"} 2',
    ],
  )
})

const metricsOf = async (listener: PlainListener): Promise<readonly string[]> => {
  const { text } = await send(listener, '/i/metrics', { method: 'GET' })
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

const shared = async ({ federator }: TestBackend) => {
  // What is about the process, and requests for the metrics themselves, change while we look.
  const stable = (line: string) => /^(?:com|comity)_/.test(line)
  const [out, inn] = await Promise.all([federator.outward.listener, federator.inward.listener].map(metricsOf))
  return { out: out?.filter(stable), inn: inn?.filter(stable) }
}

test('both ports tell the same: how calls ended, how long each phase took, what was remembered, what is open', async () => {
  const measured = await net.start({ domain: 'measured.test' })
  await using _peer = await startFakePeer(net, { domain: 'timed.test' })
  net.publish('gone.test', [{ host: 'federator.gone.test', port: 1 }])
  await send(measured.federator.outward.listener, '/rpc/timed.test/brig/a')
  await send(measured.federator.outward.listener, '/rpc/timed.test/brig/a')
  await send(measured.federator.outward.listener, '/rpc/gone.test/brig/a')
  const headers = {
    'wire-origin-domain': 'peer.test',
    'x-ssl-certificate': encodeURIComponent(certificate),
  }
  await sendInward(measured, RPC, { headers })
  await sendInward(measured, RPC, { headers })

  const { out = [], inn } = await shared(measured)
  assert.deepEqual(out, inn)
  const missing = [
    'comity_federation_calls_total{outcome="ok"} 2',
    'comity_federation_calls_total{outcome="federation-connection-refused"} 1',
    'comity_federation_phase_seconds_count{phase="discovery",peer="timed.test"} 2',
    'comity_federation_phase_seconds_count{phase="connect",peer="timed.test"} 1',
    'comity_federation_phase_seconds_count{phase="tls",peer="timed.test"} 1',
    'comity_federation_phase_seconds_count{phase="answer",peer="timed.test"} 2',
    'comity_federation_phase_seconds_count{phase="body",peer="timed.test"} 2',
    'comity_federation_certificates_total{result="miss"} 1',
    'comity_federation_certificates_total{result="hit"} 1',
    'comity_federation_sessions 1',
    'comity_federation_streams 0',
    'comity_federation_waiting 0',
  ].filter((line) => !out.includes(line))
  assert.deepEqual(missing, [])
  assert.ok(out.some((line) => /^comity_federation_dns_lookups_total\{result="miss"\} [1-9]/.test(line)))
  const lines = await metricsOf(measured.federator.inward.listener)
  assert.ok(lines.includes('net_errors 1'))
  const served = 'http_request_duration_seconds_count'
  assert.ok(lines.includes(`${served}{handler="/rpc",method="POST",status_code="200"} 2`))
  assert.ok(lines.includes(`${served}{handler="/federation",method="POST",status_code="200"} 2`))
})
