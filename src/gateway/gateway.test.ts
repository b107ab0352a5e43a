import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { WireResponse } from '#src/kit/http/wire.ts'
import { ALICE, type Asking, PHONE, SOON, startTestGateway, type TestGateway, testSigner } from './testing.ts'

let gateway: TestGateway
before(async () => {
  gateway = await startTestGateway()
})
after(() => gateway[Symbol.asyncDispose]())
beforeEach(() => gateway.reset())

const json = { 'content-type': 'application/json;charset=UTF-8' }

test('a caller with a good token reaches the service as himself', async () => {
  const { status, text, headers } = await gateway.ask('/v8/self?x=1', { headers: gateway.bearer })
  assert.equal(status, 200)
  assert.equal(text, '{"ok":true}')
  const [sent] = gateway.received
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
  assert.equal((await gateway.ask(`/self?access_token=${gateway.token}&x=1`)).status, 200)
  assert.deepEqual({ ...gateway.received[0]?.query }, { x: '1' })
  assert.equal(gateway.received[0]?.headers['x-comity-api-version'], '0')
})

const badTokens: Readonly<Record<string, () => Record<string, string>>> = {
  missing: () => ({}),
  forged: () => ({ authorization: `Bearer ${testSigner(1).accessToken({ expiresAt: SOON })}` }),
  expired: () => ({ authorization: `Bearer ${gateway.signer.accessToken({ expiresAt: 1_000 })}` }),
  malformed: () => ({ authorization: 'Bearer %' }),
}
for (const [what, headers] of Object.entries(badTokens)) {
  test(`a ${what} token is answered with 401 and no error object, and no service hears of it`, async () => {
    const { status, text } = await gateway.ask('/v8/self', { headers: headers() })
    assert.equal(status, 401)
    assert.equal(text, '')
    assert.deepEqual(gateway.received, [])
  })
}

test('a cookie is no access token', async () => {
  const { status, text } = await gateway.ask('/self', {
    headers: { authorization: `Bearer ${gateway.signer.cookie({ expiresAt: SOON })}` },
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
  await gateway.ask('/v8/self', { headers: { ...gateway.bearer, ...spoofed, cookie: 'zuid=1' } })
  const { 'request-id': requestId, ...rest } = gateway.received[0]?.headers ?? {}
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
  await gateway.ask('/access?client_id=1', {
    method: 'POST',
    headers: { ...spoofed, ...gateway.bearer, cookie: 'zuid=abc', 'content-type': 'application/x-www-form-urlencoded' },
  })
  const { 'request-id': _requestId, ...rest } = gateway.received[0]?.headers ?? {}
  assert.deepEqual(rest, {
    ...gateway.bearer,
    cookie: 'zuid=abc',
    'content-type': 'application/x-www-form-urlencoded',
    'x-comity-api-version': '0',
    'x-forwarded-for': '127.0.0.1',
  })
  assert.deepEqual({ ...gateway.received[0]?.query }, { client_id: '1' })
  assert.equal(gateway.received[0]?.body.length, 0)
})

test('bodies reach the service as the bytes they are, inflated', async () => {
  const body = '{ "name" : "Zoë" }'
  await gateway.ask('/v8/self', { method: 'PUT', headers: { ...gateway.bearer, ...json }, body })
  await gateway.ask('/v8/self', {
    method: 'PUT',
    headers: { ...gateway.bearer, ...json, 'content-encoding': 'gzip' },
    body: gzipSync(body),
  })
  assert.deepEqual(
    gateway.received.map((sent) => Buffer.from(sent.body).toString()),
    [body, body],
  )
  assert.equal(gateway.received[1]?.headers['content-encoding'], undefined)
})

test('DELETE may have a body', async () => {
  await gateway.ask('/v8/clients/5d1f', {
    method: 'DELETE',
    headers: { ...gateway.bearer, ...json },
    body: '{"password":"x"}',
  })
  assert.deepEqual({ ...gateway.received[0]?.params }, { client: '5d1f' })
  assert.equal(Buffer.from(gateway.received[0]?.body ?? []).toString(), '{"password":"x"}')
})

test('announcing JSON and sending nothing is fine', async () => {
  assert.equal((await gateway.ask('/v8/self', { headers: { ...gateway.bearer, ...json } })).status, 200)
  assert.equal(
    (await gateway.ask('/v8/list-connections', { method: 'POST', headers: { ...gateway.bearer, ...json } })).status,
    200,
  )
  assert.deepEqual(
    gateway.received.map((sent) => sent.body.length),
    [0, 0],
  )
})

test('the service judges the type of a body, if it is one', async () => {
  for (const type of ['application/x-protobuf', 'multipart/mixed; boundary=frontier', 'a/b']) {
    const { status } = await gateway.ask('/v8/self', {
      method: 'PUT',
      headers: { ...gateway.bearer, 'content-type': type },
      body: 'x',
    })
    assert.equal(status, 200, type)
  }
  const { status, text } = await gateway.ask('/v8/self', {
    method: 'PUT',
    headers: { ...gateway.bearer, 'content-type': 'x' },
    body: 'x',
  })
  assert.equal(status, 415)
  assert.equal(JSON.parse(text).label, 'unsupported-media-type')
  assert.equal(gateway.received.length, 3)
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
    const { status, text } = await gateway.ask('/v8/self', {
      method: 'PUT',
      headers: { ...gateway.bearer, ...json, ...headers },
      body,
    })
    assert.equal(status, 413)
    assert.deepEqual(JSON.parse(text), tooLarge)
  }
  assert.deepEqual(gateway.received, [])
})

test('a body without announced length ends at the limit too', async () => {
  const { status } = await gateway.ask('/v8/self', {
    method: 'PUT',
    headers: { ...gateway.bearer, ...json },
    body: Readable.from(Array.from({ length: 600 }, () => Buffer.alloc(1024, 'x'))),
  })
  assert.equal(status, 413)
  assert.deepEqual(gateway.received, [])
})

test('what a service answers passes as it is: status, cookies, location, body', async () => {
  gateway.answer = {
    status: 201,
    headers: { 'set-cookie': ['zuid=1; Path=/access', 'other=2'], location: '/x', 'content-type': 'text/plain' },
    body: (async function* () {
      yield Buffer.from('one ')
      yield Buffer.from('two')
    })(),
  }
  const { status, headers, text } = await gateway.ask('/register', { method: 'POST', headers: json, body: '{}' })
  assert.equal(status, 201)
  assert.deepEqual(headers['set-cookie'], ['zuid=1; Path=/access', 'other=2'])
  assert.equal(headers['location'], '/x')
  assert.equal(text, 'one two')
})

test('an empty answer stays empty', async () => {
  gateway.answer = { status: 404, headers: {}, body: new Uint8Array(0) }
  const { status, text, headers } = await gateway.ask('/v8/clients/1', { headers: gateway.bearer })
  assert.deepEqual([status, text, headers['content-type']], [404, '', undefined])
})

test('an answer has the length of its body, whatever the service said', async () => {
  for (const size of [1, 1_000, 100_000]) {
    const body = Buffer.alloc(size, 'ü')
    gateway.answer = { status: 200, headers: { 'content-type': 'text/plain', 'content-length': '7' }, body }
    const { headers, text } = await gateway.ask('/v8/self', { headers: gateway.bearer })
    assert.equal(headers['content-length'], String(size))
    assert.equal(text, body.toString('utf8'))
  }
})

test('an answer that cannot be written is our fault', async () => {
  gateway.answer = { status: 200, headers: { location: 'a\r\nb' }, body: new Uint8Array(0) }
  const { status, headers } = await gateway.ask('/v8/self', { headers: gateway.bearer })
  assert.equal(status, 500)
  assert.equal(headers['location'], undefined)
})

test('a service that cannot be reached is our fault, and says nothing about why', async () => {
  gateway.answer = undefined as unknown as WireResponse
  const { status, text } = await gateway.ask('/v8/self', { headers: gateway.bearer })
  assert.equal(status, 500)
  assert.match(text, /^\{"code":500,"label":"server-error","message":"Internal server error [0-9a-f-]{36}"\}$/)
})

test('no log line holds an access token, whatever came of the request', async () => {
  gateway.logged = ''
  await gateway.ask(`/v8/self?access_token=${gateway.token}`)
  await gateway.ask(`/v8/nothing?access_token=${gateway.token}`)
  await gateway.ask(`/v9/self?access_token=${gateway.token}`)
  await gateway.ask(`/await?access_token=${gateway.token}`)
  gateway.answer = undefined as unknown as WireResponse
  await gateway.ask(`/v8/self?access_token=${gateway.token}`, { headers: { cookie: 'zuid=abc' } })
  await gateway.ask(`/access?access_token=${gateway.token}`, {
    method: 'POST',
    headers: { ...gateway.bearer, cookie: 'zuid=abc' },
  })
  assert.match(gateway.logged, /"route":"\/self","status":200/)
  assert.match(gateway.logged, /fault/)
  for (const secret of [gateway.token, gateway.token.slice(0, 40), 'zuid=abc'])
    assert.ok(!gateway.logged.includes(secret))
})
