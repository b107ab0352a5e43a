import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { Domain } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { from, notification, rpc, until } from '#src/kit/endpoint.ts'
import { readAll, type WireRequest } from '#src/kit/http/wire.ts'
import { nullLog } from '#src/kit/log.ts'
import { FEDERATION_PATTERN, federationRoutes } from './federation-server.ts'
import type { Component } from './federator-transport.ts'

const contract = {
  greet: rpc('Greets.', { versions: from(1), input: z.object({ name: z.string() }), output: z.string() }),
  'greet-v0': rpc('Greets as of old.', { name: 'greet', versions: until(1), input: z.string(), output: z.string() }),
  count: rpc('Counts.', { input: z.array(z.string()), output: z.int() }),
  'on-told': notification('Is told.', { input: z.object({}) }),
}

const heard: Domain[] = []
const clock = testClock()

const ask = async (
  name: string,
  body: unknown,
  headers: Record<string, string> = {},
  component: Component = 'galley',
) => {
  const [route] = federationRoutes(
    component,
    contract,
    {
      greet: async ({ name: who }, { origin, version }) => `${who} of ${origin} in v${version}`,
      'greet-v0': async (who) => `old ${who}`,
      count: async (items) => items.length,
      'on-told': async () => {},
    },
    { log: nullLog, clock, onHeard: (domain) => heard.push(domain) },
  )
  assert.ok(route)
  const request: WireRequest = {
    method: 'POST',
    pattern: FEDERATION_PATTERN,
    params: { rpc: name },
    query: {},
    headers: { 'wire-origin-domain': 'b.example', ...headers },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  }
  const response = await route.handle(request)
  return { status: response.status, text: Buffer.from(await readAll(response.body)).toString() }
}

test('the version header chooses between the forms of an RPC', async () => {
  const newer = await ask('greet', { name: 'bob' }, { 'x-wire-api-version': '2' })
  const older = await ask('greet', '"bob"')
  const unreadable = await ask('greet', '"bob"', { 'x-wire-api-version': 'v2' })
  assert.deepEqual([newer.text, older.text, unreadable.text], ['"bob of b.example in v2"', '"old bob"', '"old bob"'])
})

test('an RPC with one form ignores the version', async () => {
  assert.equal((await ask('count', ['x'], { 'x-wire-api-version': '77' })).text, '1')
})

test('a notification is answered with an empty object', async () => {
  assert.deepEqual(await ask('on-told', {}), { status: 200, text: '{}' })
})

test('an unknown RPC is answered in the form of its component', async () => {
  assert.deepEqual(await ask('nothing', [], {}, 'brig'), { status: 404, text: '' })
  assert.equal(JSON.parse((await ask('nothing', [])).text).label, 'no-endpoint')
})

test('only an undecodable body is answered as bad-request', async () => {
  const broken = await ask('count', '[')
  const wrong = await ask('count', { a: 1 })
  assert.deepEqual([broken.status, JSON.parse(broken.text).label], [400, 'bad-request'])
  assert.deepEqual([wrong.status, JSON.parse(wrong.text).label], [400, 'bad-request'])
  const plain = await ask('count', '[', {}, 'cargohold')
  assert.equal(plain.status, 400)
  assert.throws(() => JSON.parse(plain.text))
})

test('a request without origin domain is refused', async () => {
  assert.equal((await ask('count', [], { 'wire-origin-domain': 'not a domain' })).status, 400)
})
