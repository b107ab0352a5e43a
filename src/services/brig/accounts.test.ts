import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { call } from '#src/kit/http/client.ts'
import { GUESSES_AT_ACCOUNT_FROM_ADDRESS } from './limits.ts'
import { callInternal, callPublic, CODE, PASSWORD, registerPerson, startTestBrig, type TestBrig } from './testing.ts'

let brig: TestBrig
let closed: TestBrig
before(async () => {
  brig = await startTestBrig()
  closed = await startTestBrig({ config: { development: { insecureCookies: true } } })
})
after(() => Promise.all([brig[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]))

const register = (body: Record<string, unknown>, at = brig) =>
  callPublic(at, { path: '/register', body: { name: 'Alice', password: PASSWORD, ...body } })

const logIn = (body: Record<string, unknown>, query: Record<string, string> = {}) =>
  callPublic(brig, { path: '/login', query, body: { password: PASSWORD, ...body } })

test('registering answers the own profile and logs in', async () => {
  const answer = await register({ email: 'Alice@Alpha.test', email_code: CODE, accent_id: 3, label: null })
  assert.equal(answer.status, 201)
  const { id, ...profile } = answer.body
  assert.deepEqual(profile, {
    qualified_id: { domain: 'a.example', id },
    name: 'Alice',
    email: 'Alice@Alpha.test',
    accent_id: 3,
    locale: 'en',
    status: 'active',
    managed_by: 'wire',
    picture: [],
    assets: [],
    supported_protocols: ['proteus'],
  })
  assert.equal(answer.headers['location'], id)
  assert.match(String(answer.headers['set-cookie']), /^zuid=[^;%, ]+; Path=\/access; Expires=[^;]+; HttpOnly; Secure$/)
})

test('in development mode an address counts as proven without a code, and with the configured one only', async () => {
  assert.equal((await register({ email: 'nocode@alpha.test' })).status, 201)
  const wrong = await register({ email: 'wrongcode@alpha.test', email_code: '654321' })
  assert.deepEqual([wrong.status, wrong.body['label']], [404, 'invalid-code'])
  const code = await callInternal(brig, 'get-activation-code', { query: { email: 'nocode@alpha.test' } })
  assert.equal(code.outcome === 'found' && code.body.code, CODE)
  const sent = await callPublic(brig, { path: '/activate/send', body: { email: 'new@alpha.test' } })
  assert.deepEqual([sent.status, sent.body], [200, {}])
})

test('an address is taken only once, whatever its case', async () => {
  await register({ email: 'once@alpha.test' })
  const again = await register({ email: 'ONCE@alpha.test' })
  assert.deepEqual(again.body, { code: 409, label: 'key-exists', message: 'The given e-mail address is in use.' })
  const code = await callPublic(brig, { path: '/activate/send', body: { email: 'Once@alpha.test' } })
  assert.deepEqual([code.status, code.body['label']], [409, 'key-exists'])
})

test('what cannot be registered is refused with the label of the protocol', async () => {
  const refusals = [
    [{ email: 'nonsense' }, 400, 'invalid-email'],
    [{ email: 'x@alpha.test', password: 'short' }, 400, 'bad-request'],
    [{ email: 'x@alpha.test', name: '' }, 400, 'bad-request'],
    [{ email: 'x@alpha.test', name: 'x'.repeat(129) }, 400, 'bad-request'],
    [{ email: 'x@alpha.test', expires_in: 60 }, 400, 'bad-request'],
    [{ email: 'x@alpha.test', managed_by: 'scim' }, 400, 'bad-request'],
    [{ email: 'x@alpha.test', invitation_code: 'abc' }, 400, 'invalid-invitation-code'],
  ] as const
  for (const [body, status, label] of refusals) {
    const answer = await register(body)
    assert.deepEqual([answer.status, answer.body['label']], [status, label], JSON.stringify(body))
  }
  assert.equal((await register({ email: 'x@alpha.test' })).status, 201)
})

test('a guest has no address, a session cookie, and perhaps an end', async () => {
  const guest = await register({ expires_in: 3_600 })
  assert.equal(guest.status, 201)
  assert.equal(guest.body['status'], 'ephemeral')
  assert.equal(guest.body['expires_at'], '2026-01-01T01:00:00.000Z')
  assert.equal(guest.body['email'], undefined)
  assert.doesNotMatch(String(guest.headers['set-cookie']), /Expires/)
})

test('who can neither mail nor is in development mode registers nobody, and says why', async () => {
  const refusals = [
    await register({ email: 'x@alpha.test', email_code: CODE }, closed),
    await register({}, closed),
    await callPublic(closed, { path: '/activate/send', body: { email: 'x@alpha.test' } }),
  ]
  assert.deepEqual(
    refusals.map(({ status, body }) => [status, body['label']]),
    [
      [403, 'unauthorized'],
      [403, 'ephemeral-user-creation-disabled'],
      [403, 'unauthorized'],
    ],
  )
  const code = await callInternal(closed, 'get-activation-code', { query: { email: 'x@alpha.test' } })
  assert.equal(code.outcome, 'not-found')
  const settings = await callPublic(closed, { method: 'GET', path: '/system/settings/unauthorized' })
  assert.deepEqual(settings.body, { setRestrictUserCreation: true })
})

test('logging in by address or handle answers a token and exactly one cookie', async () => {
  const alice = await registerPerson(brig)
  await alice.calls('claim-handle', { body: { handle: 'alice.login' } })
  const byEmail = await logIn({ email: alice.email }, { persist: 'true' })
  const byHandle = await logIn({ handle: 'alice.login' })
  for (const answer of [byEmail, byHandle]) {
    assert.equal(answer.status, 200)
    const { access_token: token, ...rest } = answer.body
    assert.deepEqual(rest, { user: alice.id, token_type: 'Bearer', expires_in: 900 })
    assert.match(
      String(token),
      new RegExp(`^[A-Za-z0-9_=-]+\\.v=1\\.k=1\\.d=\\d+\\.t=a\\.l=s?\\.u=${alice.id}\\.c=\\d+$`),
    )
    assert.equal(typeof answer.headers['set-cookie'], 'string')
  }
  assert.match(String(byEmail.headers['set-cookie']), /Expires=/)
  assert.doesNotMatch(String(byHandle.headers['set-cookie']), /Expires=/)
})

test('a wrong password and an unknown account look the same, down to the full stop', async () => {
  const alice = await registerPerson(brig)
  const wrong = await logIn({ email: alice.email, password: 'wrong horse' })
  const unknown = await logIn({ email: 'nobody@alpha.test' })
  const expected = { code: 403, label: 'invalid-credentials', message: 'Authentication failed.' }
  assert.deepEqual([wrong.status, wrong.body], [403, expected])
  assert.deepEqual([unknown.status, unknown.body], [403, expected])
  assert.equal(wrong.headers['set-cookie'], undefined)
  assert.equal((await logIn({})).status, 400)
})

test('after too many wrong passwords even the right one has to wait, until the window is over', async () => {
  const alice = await registerPerson(brig)
  for (let guess = 0; guess < GUESSES_AT_ACCOUNT_FROM_ADDRESS.max; guess += 1) {
    await logIn({ email: alice.email, password: `guess number ${guess}` })
  }
  const refused = await logIn({ email: alice.email })
  assert.deepEqual([refused.status, refused.body['label']], [403, 'client-error'])
  assert.equal(refused.headers['retry-after'], String(GUESSES_AT_ACCOUNT_FROM_ADDRESS.windowSeconds))
  await brig.clock.advance(GUESSES_AT_ACCOUNT_FROM_ADDRESS.windowSeconds * 1000)
  assert.equal((await logIn({ email: alice.email })).status, 200)
})

test('a suspended account is told so, after the right password only', async () => {
  const alice = await registerPerson(brig)
  await brig.alter(`update brig.users set status = 'suspended' where id = '${alice.id}'`)
  const answer = await logIn({ email: alice.email })
  assert.deepEqual(answer.body, { code: 403, label: 'suspended', message: 'Account suspended.' })
  const wrong = await logIn({ email: alice.email, password: 'wrong horse' })
  assert.equal(wrong.body['label'], 'invalid-credentials')
})

test('the keys of this backend are made once and survive a restart', async () => {
  const before = await call(brig.transport, brigInternal['get-access-keys'], {})
  const afterwards = await call(await brig.restarted(), brigInternal['get-access-keys'], {})
  assert.deepEqual(afterwards, before)
  assert.deepEqual(
    before.body.keys.map(({ index }) => index),
    [1],
  )
  const other = await call(closed.transport, brigInternal['get-access-keys'], {})
  assert.notEqual(other.body.keys[0]?.publicKey, before.body.keys[0]?.publicKey)
})

test('the key that signs removals from groups is there in both forms, and stays', async () => {
  const alice = await registerPerson(brig)
  const raw = await alice.calls('get-mls-public-keys', { query: {} })
  const jwk = await alice.calls('get-mls-public-keys', { query: { format: 'jwk' } })
  assert.ok(raw.outcome === 'found' && jwk.outcome === 'found-jwk')
  assert.equal(Buffer.from(raw.body.removal.ed25519, 'base64').length, 32)
  assert.equal(jwk.body.removal.ed25519.x, Buffer.from(raw.body.removal.ed25519, 'base64').toString('base64url'))
  const again = await alice.calls('get-mls-public-keys', { query: {} })
  assert.deepEqual(again, raw)
})
