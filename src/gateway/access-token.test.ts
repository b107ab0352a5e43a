import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { testClock } from '#src/kit/clock.ts'
import { fake } from '#src/kit/http/fake.ts'
import { nullLog } from '#src/kit/log.ts'
import { accessKeys } from './access-keys.ts'
import { accessTokens, tokenOf } from './access-token.ts'
import { KEYS_INTERVAL_MS, KEYS_TTL_MS } from './limits.ts'
import { ALICE, testSigner } from './testing.ts'

const NONE = { isRevoked: async () => false }

const setUp = () => {
  const clock = testClock()
  const signers = [testSigner(1)]
  const brig = fake(brigInternal, {
    'get-access-keys': async () => ({ outcome: 'found', body: { keys: signers.map((signer) => signer.publicKey) } }),
  })
  const tokens = accessTokens({ keys: accessKeys({ brig, clock, log: nullLog }), revocations: NONE, clock })
  const expiresAt = Math.floor(clock.now().getTime() / 1000) + 900
  return { clock, signers, brig, tokens, expiresAt }
}

test('an authentic token stands for its caller, and brig is asked for keys once', async () => {
  const { tokens, signers, brig, expiresAt } = setUp()
  for (const connection of ['7', '8']) {
    const verdict = await tokens.check(signers[0]?.accessToken({ expiresAt, connection }))
    assert.deepEqual(verdict, { kind: 'caller', caller: { user: ALICE, client: undefined, connection } })
  }
  assert.equal(brig.calls.length, 1)
})

test('a token is worth nothing from the second of its expiry on, remembered or not', async () => {
  const { clock, tokens, signers, expiresAt } = setUp()
  const text = signers[0]?.accessToken({ expiresAt })
  await clock.advance(899_999)
  assert.equal((await tokens.check(text)).kind, 'caller')
  await clock.advance(1)
  assert.equal((await tokens.check(text)).kind, 'invalid')
})

test('a token whose text was touched is forged', async () => {
  const { tokens, signers, expiresAt } = setUp()
  const text = signers[0]?.accessToken({ expiresAt, connection: '7' }) ?? ''
  assert.equal((await tokens.check(text.replace('c=7', 'c=8'))).kind, 'invalid')
  assert.equal((await tokens.check(testSigner(1).accessToken({ expiresAt }))).kind, 'invalid')
  assert.equal((await tokens.check(undefined)).kind, 'invalid')
})

test('a cookie is authentic but opens no ordinary door', async () => {
  const { tokens, signers, expiresAt } = setUp()
  assert.equal((await tokens.check(signers[0]?.cookie({ expiresAt }))).kind, 'other-class')
})

test('a token by a key we have not seen makes us ask, but not each time', async () => {
  const { clock, tokens, signers, brig, expiresAt } = setUp()
  await tokens.check(signers[0]?.accessToken({ expiresAt }))
  signers.push(testSigner(2))
  await clock.advance(KEYS_INTERVAL_MS)
  assert.equal((await tokens.check(signers[1]?.accessToken({ expiresAt }))).kind, 'caller')
  assert.equal(brig.calls.length, 2)
  for (let index = 3; index < 10; index += 1) await tokens.check(testSigner(index).accessToken({ expiresAt }))
  assert.equal(brig.calls.length, 2)
})

test('while brig is away nobody is told that his token is bad', async () => {
  const { signers, expiresAt, clock } = setUp()
  let isAway = true
  const brig = fake(brigInternal, {
    'get-access-keys': async () => {
      assert.ok(!isAway)
      return { outcome: 'found', body: { keys: signers.map((signer) => signer.publicKey) } }
    },
  })
  const tokens = accessTokens({ keys: accessKeys({ brig, clock, log: nullLog }), revocations: NONE, clock })
  const text = signers[0]?.accessToken({ expiresAt })
  await assert.rejects(tokens.check(text))
  await assert.rejects(tokens.check(text))
  isAway = false
  assert.equal((await tokens.check(text)).kind, 'caller')
})

test('tokens end with the key that signed them', async () => {
  const { clock, tokens, signers, expiresAt } = setUp()
  const text = signers[0]?.accessToken({ expiresAt })
  assert.equal((await tokens.check(text)).kind, 'caller')
  signers[0] = testSigner(1)
  await clock.advance(KEYS_TTL_MS)
  // The first check after that time starts the renewal and does not wait for it.
  await tokens.check(text)
  await clock.advance(0)
  assert.equal((await tokens.check(text)).kind, 'invalid')
})

test('the token is read from the header, else from the query', () => {
  assert.equal(tokenOf('Bearer abc', 'other'), 'abc')
  assert.equal(tokenOf('bearer  abc ', undefined), 'abc')
  assert.equal(tokenOf('Basic abc', 'other'), undefined)
  assert.equal(tokenOf(undefined, 'abc'), 'abc')
  assert.equal(tokenOf(undefined, ['abc', 'def']), 'abc')
  assert.equal(tokenOf(undefined, undefined), undefined)
})
