import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ORIGIN, startTestGateway, type TestGateway } from './testing.ts'

let gateway: TestGateway
before(async () => {
  gateway = await startTestGateway()
})
after(() => gateway[Symbol.asyncDispose]())
beforeEach(() => gateway.reset())

test('a browser is told what the allowed origin may do', async () => {
  const preflight = await gateway.ask('/v8/self', {
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

  const actual = await gateway.ask('/v8/self', { headers: { ...gateway.bearer, origin: ORIGIN } })
  assert.equal(actual.headers['access-control-allow-origin'], ORIGIN)
  assert.equal(actual.headers['access-control-expose-headers'], 'Request-Id, Location, Replay-Nonce')
})

test('a refusal can be read by the browser too', async () => {
  for (const path of ['/v8/self', '/v8/nothing']) {
    assert.equal(
      (await gateway.ask(path, { headers: { origin: ORIGIN } })).headers['access-control-allow-origin'],
      ORIGIN,
    )
  }
})

test('another origin is told nothing', async () => {
  for (const origin of ['https://evil.test', `${ORIGIN}.evil.test`, 'null']) {
    const { headers } = await gateway.ask('/v8/self', { headers: { ...gateway.bearer, origin } })
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('a preflight that names no origin or no method is none', async () => {
  const asked: Record<string, string>[] = [{ origin: ORIGIN }, { 'access-control-request-method': 'PUT' }]
  for (const headers of asked) {
    assert.equal((await gateway.ask('/v8/self', { method: 'OPTIONS', headers })).status, 400)
  }
})

test('whoever comes is told that answers differ by the origin', async () => {
  const others: Record<string, string>[] = [{}, { origin: ORIGIN }, { origin: 'https://evil.test' }]
  for (const headers of others) {
    const { headers: answered } = await gateway.ask('/v8/self', { headers: { ...gateway.bearer, ...headers } })
    assert.equal(answered['vary'], 'Origin')
  }
})
