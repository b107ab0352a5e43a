import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { after, before, beforeEach, test } from 'node:test'
import { type Asking, startTestGateway, type TestGateway } from './testing.ts'

let gateway: TestGateway
before(async () => {
  gateway = await startTestGateway()
})
after(() => gateway[Symbol.asyncDispose]())
beforeEach(() => gateway.reset())

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
  ['/connections/alpha.test/', {}, 404, 'no-endpoint'],
  ['/connections//6f1e1f2a-0000-4000-8000-00000000abcd', {}, 404, 'no-endpoint'],
  ['/properties/', { method: 'DELETE' }, 404, 'no-endpoint'],
  ['/v8/self', { method: 'POST', body: '{}' }, 405, 'method-not-allowed'],
  ['/connections/alpha.test/%zz', {}, 400, 'bad-request'],
]
for (const [path, asking, code, label] of unserved) {
  test(`${asking.method ?? 'GET'} ${path} is answered with ${code} ${label}`, async () => {
    const { status, text } = await gateway.ask(path, { headers: gateway.bearer, ...asking })
    const { message, ...object } = JSON.parse(text)
    assert.equal(status, code)
    assert.deepEqual(object, { code, label })
    assert.ok(message)
    assert.deepEqual(gateway.received, [])
  })
}

test('what a path holds in percent signs is one parameter', async () => {
  await gateway.ask('/v8/connections/b.test/..%2F..%2Fi', { headers: gateway.bearer })
  assert.deepEqual({ ...gateway.received[0]?.params }, { domain: 'b.test', user: '../../i' })
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
    const { status, text } = await gateway.ask(path)
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), expected)
  }
})

test('the address of websockets says to everybody else that it is one', async () => {
  assert.equal((await gateway.ask('/await')).status, 401)
  for (const path of ['/await', '/websocket']) {
    const { status, text } = await gateway.ask(path, { headers: gateway.bearer })
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
