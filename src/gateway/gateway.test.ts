import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { text as textOf } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { request } from 'undici'
import { Domain } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { systemClock } from '#src/kit/clock.ts'
import { fake } from '#src/kit/http/fake.ts'
import { jsonResponse, type Transport, type WireRequest, type WireResponse } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { ALICE, PHONE, testSigner } from './testing.ts'

const ORIGIN = 'https://app.alpha.test'
const signer = testSigner(1)
const soon = Math.floor(Date.now() / 1000) + 600
const token = signer.accessToken({ expiresAt: soon, client: PHONE, connection: '42' })

/** Stands for every service: remembers what it was sent, and answers as it is told. */
let received: (WireRequest & { readonly service: string })[] = []
let answer: WireResponse
const service = (name: string): Transport => ({
  send: async (sent) => {
    received.push({ ...sent, service: name })
    return answer
  },
})
const keys = fake(brigInternal, {
  'get-access-keys': async () => ({ outcome: 'found', body: { keys: [signer.publicKey] } }),
})
const brig = service('brig')

let gateway: Gateway
before(async () => {
  gateway = await startGateway({
    config: {
      domain: Domain.parse('alpha.test'),
      listen: { gateway: { host: '127.0.0.1', port: 0 } },
      gateway: { allowedOrigins: [`${ORIGIN}/`] },
    },
    services: {
      brig: { send: (sent) => (sent.pattern === '/i/access-keys' ? keys : brig).send(sent) },
      galley: service('galley'),
      gundeck: service('gundeck'),
      cargohold: service('cargohold'),
    },
    gundeckUpgrade: async () => undefined,
    clock: systemClock,
    random: systemRandom,
    log: nullLog,
  })
})
after(() => gateway[Symbol.asyncDispose]())
beforeEach(() => {
  received = []
  answer = jsonResponse(200, { ok: true })
})

interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'HEAD'
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

const ask = async (path: string, { method = 'GET', headers = {}, body }: Asking = {}) => {
  const response = await request(`${gateway.url}${path}`, { method, headers, body: body ?? null })
  return { status: response.statusCode, headers: response.headers, text: await response.body.text() }
}
const bearer = { authorization: `Bearer ${token}` }
const json = { 'content-type': 'application/json;charset=UTF-8' }

test('a caller with a good token reaches the service as himself', async () => {
  const { status, text, headers } = await ask('/v8/self?x=1', { headers: bearer })
  assert.equal(status, 200)
  assert.equal(text, '{"ok":true}')
  const [sent] = received
  assert.equal(sent?.service, 'brig')
  assert.equal(sent?.pattern, '/self')
  assert.deepEqual({ ...sent?.query }, { x: '1' })
  const { 'request-id': requestId, ...rest } = sent?.headers ?? {}
  assert.deepEqual(rest, {
    'z-type': 'access',
    'z-user': ALICE,
    'z-client': PHONE,
    'z-connection': '42',
    'x-comity-api-version': '8',
    'x-forwarded-for': '127.0.0.1',
  })
  assert.match(requestId ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(headers['request-id'], requestId)
})

test('the token may stand in the query, and goes no further', async () => {
  assert.equal((await ask(`/self?access_token=${token}&x=1`)).status, 200)
  assert.deepEqual({ ...received[0]?.query }, { x: '1' })
  assert.equal(received[0]?.headers['x-comity-api-version'], '0')
})

const badTokens: Readonly<Record<string, Record<string, string>>> = {
  missing: {},
  forged: { authorization: `Bearer ${testSigner(1).accessToken({ expiresAt: soon })}` },
  expired: { authorization: `Bearer ${signer.accessToken({ expiresAt: 1_000 })}` },
  malformed: { authorization: 'Bearer %' },
}
for (const [what, headers] of Object.entries(badTokens)) {
  test(`a ${what} token is answered with 401 and no error object, and no service hears of it`, async () => {
    const { status, text } = await ask('/v8/self', { headers })
    assert.equal(status, 401)
    assert.equal(text, '')
    assert.deepEqual(received, [])
  })
}

test('a cookie is no access token', async () => {
  const { status, text } = await ask('/self', {
    headers: { authorization: `Bearer ${signer.cookie({ expiresAt: soon })}` },
  })
  assert.equal(status, 403)
  assert.deepEqual(JSON.parse(text), { code: 403, label: 'access-denied', message: 'Not with this kind of token' })
})

const spoofed = {
  'z-user': '00000000-0000-4000-8000-000000000000',
  'z-client': '1',
  'z-connection': '7',
  'z-type': 'user',
  'request-id': 'mine',
  'x-forwarded-for': '203.0.113.1',
  'x-comity-api-version': '3',
  'x-comity-anything': '1',
  'wire-origin-domain': 'evil.test',
  'x-ssl-certificate': 'forged',
}

test('nobody chooses what services believe: spoofed headers do not pass', async () => {
  await ask('/v8/self', { headers: { ...bearer, ...spoofed, cookie: 'zuid=1' } })
  const { 'request-id': requestId, ...rest } = received[0]?.headers ?? {}
  assert.notEqual(requestId, 'mine')
  assert.deepEqual(rest, {
    'z-type': 'access',
    'z-user': ALICE,
    'z-client': PHONE,
    'z-connection': '42',
    'x-comity-api-version': '8',
    'x-forwarded-for': '127.0.0.1',
  })
})

test('public endpoints get cookie and token to judge for themselves, and no caller', async () => {
  await ask('/access?client_id=1', {
    method: 'POST',
    headers: { ...spoofed, ...bearer, cookie: 'zuid=abc', 'content-type': 'application/x-www-form-urlencoded' },
  })
  const { 'request-id': _requestId, ...rest } = received[0]?.headers ?? {}
  assert.deepEqual(rest, {
    ...bearer,
    cookie: 'zuid=abc',
    'content-type': 'application/x-www-form-urlencoded',
    'x-comity-api-version': '0',
    'x-forwarded-for': '127.0.0.1',
  })
  assert.deepEqual({ ...received[0]?.query }, { client_id: '1' })
  assert.equal(received[0]?.body.length, 0)
})

test('bodies reach the service as the bytes they are, inflated', async () => {
  const body = '{ "name" : "Zoë" }'
  await ask('/v8/self', { method: 'PUT', headers: { ...bearer, ...json }, body })
  await ask('/v8/self', {
    method: 'PUT',
    headers: { ...bearer, ...json, 'content-encoding': 'gzip' },
    body: gzipSync(body),
  })
  assert.deepEqual(
    received.map((sent) => Buffer.from(sent.body).toString()),
    [body, body],
  )
  assert.equal(received[1]?.headers['content-encoding'], undefined)
})

test('DELETE may have a body', async () => {
  await ask('/v8/clients/5d1f', { method: 'DELETE', headers: { ...bearer, ...json }, body: '{"password":"x"}' })
  assert.deepEqual({ ...received[0]?.params }, { client: '5d1f' })
  assert.equal(Buffer.from(received[0]?.body ?? []).toString(), '{"password":"x"}')
})

test('announcing JSON and sending nothing is fine', async () => {
  assert.equal((await ask('/v8/self', { headers: { ...bearer, ...json } })).status, 200)
  assert.equal((await ask('/v8/list-connections', { method: 'POST', headers: { ...bearer, ...json } })).status, 200)
  assert.deepEqual(
    received.map((sent) => sent.body.length),
    [0, 0],
  )
})

test('the service judges the type of a body, if it is one', async () => {
  for (const type of ['application/x-protobuf', 'multipart/mixed; boundary=frontier', 'a/b']) {
    const { status } = await ask('/v8/self', { method: 'PUT', headers: { ...bearer, 'content-type': type }, body: 'x' })
    assert.equal(status, 200, type)
  }
  const { status, text } = await ask('/v8/self', {
    method: 'PUT',
    headers: { ...bearer, 'content-type': 'x' },
    body: 'x',
  })
  assert.equal(status, 415)
  assert.equal(JSON.parse(text).label, 'unsupported-media-type')
  assert.equal(received.length, 3)
})

const tooLarge = { code: 413, label: 'client-error', message: 'Request body too large' }

test('a body over the limit is refused before it is read, however it comes', async () => {
  const large = Buffer.alloc(600 * 1024, 'x')
  const asked: Asking[] = [
    { body: large },
    { body: gzipSync(large), headers: { 'content-encoding': 'gzip' } },
    { body: Buffer.alloc(600 * 1024), headers: { 'content-encoding': 'gzip' } },
  ]
  for (const { body = '', headers } of asked) {
    const { status, text } = await ask('/v8/self', { method: 'PUT', headers: { ...bearer, ...json, ...headers }, body })
    assert.equal(status, 413)
    assert.deepEqual(JSON.parse(text), tooLarge)
  }
  assert.deepEqual(received, [])
})

test('a body without announced length ends at the limit too', async () => {
  const { status } = await ask('/v8/self', {
    method: 'PUT',
    headers: { ...bearer, ...json },
    body: (async function* () {
      for (let sent = 0; sent < 600; sent += 1) yield Buffer.alloc(1024, 'x')
    })() as unknown as Buffer,
  })
  assert.equal(status, 413)
  assert.deepEqual(received, [])
})

const unserved: readonly (readonly [string, Asking, number, string])[] = [
  ['/v8/no-such-thing', {}, 404, 'no-endpoint'],
  ['/v1/v2/self', {}, 404, 'no-endpoint'],
  ['/v9/self', {}, 404, 'unsupported-version'],
  ['/v9/api-version', {}, 404, 'unsupported-version'],
  ['/v8/await', {}, 404, 'no-endpoint'],
  ['/i/status', {}, 404, 'no-endpoint'],
  ['/i/push', { method: 'POST', body: '{}' }, 404, 'no-endpoint'],
  ['/v8/i/push', { method: 'POST', body: '{}' }, 404, 'no-endpoint'],
  ['/SELF', {}, 404, 'no-endpoint'],
  ['/self/', {}, 404, 'no-endpoint'],
  ['//self', {}, 404, 'no-endpoint'],
  ['/v8/self', { method: 'POST', body: '{}' }, 405, 'method-not-allowed'],
  ['/connections/alpha.test/%zz', {}, 400, 'bad-request'],
]
for (const [path, asking, code, label] of unserved) {
  test(`${asking.method ?? 'GET'} ${path} is answered with ${code} ${label}`, async () => {
    const { status, text } = await ask(path, { headers: bearer, ...asking })
    const { message, ...object } = JSON.parse(text)
    assert.equal(status, code)
    assert.deepEqual(object, { code, label })
    assert.ok(message)
    assert.deepEqual(received, [])
  })
}

test('what a path holds in percent signs is one parameter', async () => {
  await ask('/v8/connections/b.test/..%2F..%2Fi', { headers: bearer })
  assert.deepEqual({ ...received[0]?.params }, { domain: 'b.test', user: '../../i' })
})

test('what is not HTTP gets an error object and nothing else', async () => {
  const socket = connect(gateway.port, gateway.host)
  socket.write('HELLO\r\n\r\n')
  const reply = await textOf(socket)
  assert.match(reply, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.deepEqual(JSON.parse(reply.split('\r\n\r\n')[1] ?? ''), {
    code: 400,
    label: 'bad-request',
    message: 'The request is not valid HTTP',
  })
})

test('the versions are told with and without prefix', async () => {
  const expected = { supported: [0, 1, 2, 3, 4, 5, 6, 7, 8], development: [], federation: false, domain: 'alpha.test' }
  for (const path of ['/api-version', '/v8/api-version', '/v1/api-version']) {
    const { status, text } = await ask(path)
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), expected)
  }
})

test('what a service answers passes as it is: status, cookies, location, body', async () => {
  answer = {
    status: 201,
    headers: { 'set-cookie': ['zuid=1; Path=/access', 'other=2'], location: '/x', 'content-type': 'text/plain' },
    body: (async function* () {
      yield Buffer.from('one ')
      yield Buffer.from('two')
    })(),
  }
  const { status, headers, text } = await ask('/register', { method: 'POST', headers: json, body: '{}' })
  assert.equal(status, 201)
  assert.deepEqual(headers['set-cookie'], ['zuid=1; Path=/access', 'other=2'])
  assert.equal(headers['location'], '/x')
  assert.equal(text, 'one two')
})

test('an empty answer stays empty', async () => {
  answer = { status: 404, headers: {}, body: new Uint8Array(0) }
  const { status, text, headers } = await ask('/v8/clients/1', { headers: bearer })
  assert.deepEqual([status, text, headers['content-type']], [404, '', undefined])
})

test('a service that cannot be reached is our fault, and says nothing about why', async () => {
  answer = undefined as unknown as WireResponse
  const { status, text } = await ask('/v8/self', { headers: bearer })
  assert.equal(status, 500)
  assert.match(text, /^\{"code":500,"label":"server-error","message":"Internal server error [0-9a-f-]{36}"\}$/)
})

test('a browser is told what the allowed origin may do', async () => {
  const preflight = await ask('/v8/self', {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,content-type,content-encoding',
    },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], ORIGIN)
  assert.equal(preflight.headers['access-control-allow-credentials'], 'true')
  assert.equal(preflight.headers['access-control-allow-headers'], 'authorization,content-type,content-encoding')
  assert.match(String(preflight.headers['access-control-allow-methods']), /GET.*POST.*PUT.*DELETE/)

  const actual = await ask('/v8/self', { headers: { ...bearer, origin: ORIGIN } })
  assert.equal(actual.headers['access-control-allow-origin'], ORIGIN)
  assert.equal(actual.headers['access-control-expose-headers'], 'Request-Id, Location, Replay-Nonce')
})

test('a refusal can be read by the browser too', async () => {
  for (const path of ['/v8/self', '/v8/nothing']) {
    assert.equal((await ask(path, { headers: { origin: ORIGIN } })).headers['access-control-allow-origin'], ORIGIN)
  }
})

test('another origin is told nothing', async () => {
  for (const origin of ['https://evil.test', `${ORIGIN}.evil.test`, 'null']) {
    const { headers } = await ask('/v8/self', { headers: { ...bearer, origin } })
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('the address of websockets says to everybody else that it is one', async () => {
  assert.equal((await ask('/await')).status, 401)
  for (const path of ['/await', '/websocket']) {
    const { status, text } = await ask(path, { headers: bearer })
    assert.equal(status, 426)
    assert.equal(JSON.parse(text).label, 'upgrade-required')
  }
})

test('an offer to upgrade to something else is served as the request that it is', async () => {
  const socket = connect(gateway.port, gateway.host)
  socket.write('GET /api-version HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n')
  const [reply] = await new Promise<[Buffer]>((resolve) => socket.once('data', (data: Buffer) => resolve([data])))
  assert.match(reply.toString(), /^HTTP\/1\.1 200 OK/)
  socket.destroy()
})
