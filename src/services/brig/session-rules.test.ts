import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserId } from '#src/contract/ids.ts'
import { COOKIES_PER_TYPE_MAX } from '#src/contract/client/brig-limits.ts'
import { COOKIE_BURST_SECONDS, COOKIE_RENEW_SECONDS } from './limits.ts'
import {
  bearerToken,
  isDueForRenewal,
  placeAmong,
  plusSeconds,
  type Session,
  setCookieHeader,
  supersededUntil,
  zuidValues,
} from './session-rules.ts'

const NOW = new Date('2026-03-01T12:00:00.000Z')

const session = (overrides: Partial<Session> = {}): Session => ({
  user: UserId.parse('6f1e6d2a-0000-4000-8000-000000000001'),
  id: 1,
  type: 'persistent',
  label: null,
  client: undefined,
  successor: undefined,
  createdAt: NOW,
  expiresAt: plusSeconds(NOW, 1_000),
  ...overrides,
})

const full = (ageSeconds: number): Session[] =>
  Array.from({ length: COOKIES_PER_TYPE_MAX }, (_, id) =>
    session({ id, createdAt: plusSeconds(NOW, -ageSeconds), expiresAt: plusSeconds(NOW, 1_000 - id) }),
  )

test('there is room until the limit, then the cookie that expires first makes way', () => {
  assert.deepEqual(placeAmong(full(3_600).slice(1), NOW), { evicted: [] })
  assert.deepEqual(placeAmong(full(3_600), NOW), { evicted: [COOKIES_PER_TYPE_MAX - 1] })
})

test('who filled all places just now has to wait', () => {
  assert.deepEqual(placeAmong(full(COOKIE_BURST_SECONDS - 10), NOW), { retryAfterSeconds: 10 })
})

test('a persistent cookie is renewed after its time, a session cookie never', () => {
  const old = plusSeconds(NOW, -COOKIE_RENEW_SECONDS - 1)
  assert.equal(isDueForRenewal(session({ createdAt: old }), NOW), true)
  assert.equal(isDueForRenewal(session({ createdAt: old, type: 'session' }), NOW), false)
  assert.equal(isDueForRenewal(session(), NOW), false)
})

test('a replaced cookie never lives longer than it would have', () => {
  const soon = plusSeconds(NOW, 10)
  assert.deepEqual(supersededUntil(session({ expiresAt: soon }), NOW), soon)
  const late = plusSeconds(NOW, 2 * COOKIE_RENEW_SECONDS)
  assert.deepEqual(supersededUntil(session({ expiresAt: late }), NOW), plusSeconds(NOW, COOKIE_RENEW_SECONDS))
})

test('all zuid cookies of a request are found, and nothing else', () => {
  assert.deepEqual(zuidValues('a=b; zuid=one==.x; xzuid=no; zuid=two; zuid='), ['one==.x', 'two'])
  assert.deepEqual(zuidValues(undefined), [])
  assert.deepEqual(zuidValues(`zuid=${'x'.repeat(20_000)}`), [])
})

test('the cookie is for /access only, and scripts cannot read it', () => {
  const expiresAt = new Date('2026-04-01T00:00:00.000Z')
  assert.equal(
    setCookieHeader('v', { type: 'persistent', expiresAt }, { isSecure: true }),
    'zuid=v; Path=/access; Expires=Wed, 01 Apr 2026 00:00:00 GMT; HttpOnly; Secure',
  )
  assert.equal(
    setCookieHeader('v', { type: 'session', expiresAt }, { isSecure: false }),
    'zuid=v; Path=/access; HttpOnly',
  )
})

test('a bearer token is read whatever the case of the scheme', () => {
  assert.equal(bearerToken('Bearer abc.def'), 'abc.def')
  assert.equal(bearerToken('bearer abc'), 'abc')
  assert.equal(bearerToken('Basic abc'), undefined)
  assert.equal(bearerToken(undefined), undefined)
})
