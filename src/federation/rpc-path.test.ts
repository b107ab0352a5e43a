import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { COMPONENTS } from '#src/rpc/federator-transport.ts'
import { parseInwardPath, parseOutwardPath } from './rpc-path.ts'

test('a call of an RPC is understood, with one slash after it or none', () => {
  const expected = { outcome: 'rpc', component: 'galley', rpc: 'on-message-sent', hasQuery: false }
  assert.deepEqual(parseInwardPath('/federation/galley/on-message-sent'), expected)
  assert.deepEqual(parseInwardPath('/federation/galley/on-message-sent/'), expected)
})

test('a call to another backend names it in any letters', () => {
  assert.deepEqual(parseOutwardPath('/rpc/B.Example.com/brig/api-version'), {
    outcome: 'rpc',
    domain: 'b.example.com',
    component: 'brig',
    rpc: 'api-version',
    hasQuery: false,
  })
})

test('a question mark alone is a query string', () => {
  assert.deepEqual(parseInwardPath('/federation/brig/stuff?'), {
    outcome: 'rpc',
    component: 'brig',
    rpc: 'stuff',
    hasQuery: true,
  })
})

const OUTCOMES: Readonly<Record<string, 'not-found' | 'malformed'>> = {
  '': 'not-found',
  '/': 'not-found',
  '///': 'not-found',
  'federation/brig/x': 'not-found',
  '*': 'not-found',
  'https://b.test/federation/brig/x': 'not-found',
  '/federation': 'not-found',
  '/federation/': 'not-found',
  '/federation/brig': 'not-found',
  '/federation/brig/': 'not-found',
  '/federation/brig//': 'not-found',
  '/federation/brig/x//': 'not-found',
  '/federation/brig/../i/users': 'not-found',
  '/federation/brig/%2e%2e/i/users': 'not-found',
  '/federation/brig/%252e%252e/i/users': 'not-found',
  '/federation/brig/%c0%ae%c0%ae/i/users': 'not-found',
  '/Federation/brig/x': 'not-found',
  '/%66ederation/brig/x': 'not-found',
  '/federation/brig/..%2Fi%2Fusers': 'malformed',
  '/federation/brig/..': 'malformed',
  '/federation/brig/%c0%ae': 'malformed',
  '/federation/mast/x': 'malformed',
  '/federation/BRIG/x': 'malformed',
  '/federation/brig/x%00': 'malformed',
}

for (const [target, outcome] of Object.entries(OUTCOMES)) {
  test(`${JSON.stringify(target)} is ${outcome}`, () => assert.equal(parseInwardPath(target).outcome, outcome))
}

test('a path to another backend needs a domain, a component and an RPC', () => {
  assert.equal(parseOutwardPath('/rpc/b.test/brig').outcome, 'not-found')
  assert.equal(parseOutwardPath('/rpc/b.test/brig/x/y').outcome, 'not-found')
  assert.equal(parseOutwardPath('/rpc/b/brig/x').outcome, 'malformed')
  assert.equal(parseOutwardPath('/rpc/b.test./brig/x').outcome, 'malformed')
  assert.equal(parseOutwardPath('/rpc/b.test:443/brig/x').outcome, 'malformed')
  assert.equal(parseOutwardPath('/rpc/b.test/gundeck/x').outcome, 'malformed')
})

test('whatever the path, what comes out is a known component and a plain name', () => {
  const segment = fc.oneof(fc.string(), fc.constantFrom('federation', 'brig', '..', '%2e', '', '%2F', 'get-users'))
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const parsed = parseInwardPath(`/${segments.join('/')}`)
      if (parsed.outcome !== 'rpc') return
      assert.ok(COMPONENTS.includes(parsed.component))
      assert.match(parsed.rpc, /^[A-Za-z0-9_-]+$/)
    }),
  )
})
