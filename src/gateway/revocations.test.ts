import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientId, Timestamp, type UserId } from '#src/contract/ids.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { testClock } from '#src/kit/clock.ts'
import { fake } from '#src/kit/http/fake.ts'
import { nullLog } from '#src/kit/log.ts'
import { ACCESS_TOKEN_SECONDS } from '#src/rpc/access-token-format.ts'
import { accessKeys } from './access-keys.ts'
import { accessTokens } from './access-token.ts'
import { REVOCATIONS_TTL_MS } from './limits.ts'
import { revocations } from './revocations.ts'
import { ALICE, PHONE, testSigner } from './testing.ts'

const setUp = () => {
  const clock = testClock()
  const signer = testSigner(1)
  const revoked: { user: UserId; client: ClientId | null; at: Timestamp }[] = []
  const state = { isAway: false }
  const brig = fake(brigInternal, {
    'get-access-keys': async () => ({ outcome: 'found', body: { keys: [signer.publicKey] } }),
    'list-revocations': async () => {
      assert.ok(!state.isAway)
      const until = Timestamp.parse(clock.now().toISOString())
      return { outcome: 'found', body: { until, revoked: revoked.splice(0) } }
    },
  })
  const tokens = accessTokens({
    keys: accessKeys({ brig, clock, log: nullLog }),
    revocations: revocations({ brig, clock, log: nullLog }),
    clock,
  })
  const tokenOf = (client?: ClientId) =>
    signer.accessToken({
      expiresAt: Math.floor(clock.now().getTime() / 1000) + ACCESS_TOKEN_SECONDS,
      ...(client && { client }),
    })
  const check = async (token: string) => (await tokens.check(token)).kind
  const revoke = (client: ClientId | null) =>
    revoked.push({ user: ALICE, client, at: Timestamp.parse(clock.now().toISOString()) })
  const asked = () => brig.calls.filter(({ name }) => name === 'list-revocations').map(({ input }) => input)
  return { clock, state, check, tokenOf, revoke, asked }
}

test('a token ends with its device, a moment later, and no other token does', async () => {
  const { clock, check, tokenOf, revoke } = setUp()
  const [ofPhone, unbound] = [tokenOf(PHONE), tokenOf()]
  assert.deepEqual([await check(ofPhone), await check(unbound)], ['caller', 'caller'])
  revoke(PHONE)
  await clock.advance(REVOCATIONS_TTL_MS)
  assert.deepEqual([await check(ofPhone), await check(unbound)], ['invalid', 'caller'])
  // Whoever registers the device again gets tokens that are good.
  assert.equal(await check(tokenOf(PHONE)), 'caller')
})

test('all tokens end with the account; who comes back later gets good ones', async () => {
  const { clock, check, tokenOf, revoke } = setUp()
  const before = [tokenOf(PHONE), tokenOf()]
  revoke(null)
  await clock.advance(REVOCATIONS_TTL_MS)
  assert.deepEqual(await Promise.all(before.map(check)), ['invalid', 'invalid'])
  assert.equal(await check(tokenOf()), 'caller')
})

test('brig is asked for what is new once a second however many come, and while it is away what is known counts', async () => {
  const { clock, state, check, tokenOf, revoke, asked } = setUp()
  const token = tokenOf(PHONE)
  await Promise.all(Array.from({ length: 5 }, () => check(token)))
  assert.equal(asked().length, 1)
  revoke(PHONE)
  await clock.advance(REVOCATIONS_TTL_MS)
  assert.equal(await check(token), 'invalid')
  assert.equal(asked().length, 2)
  assert.match(JSON.stringify(asked()[1]), /"since":"2/)
  state.isAway = true
  await clock.advance(REVOCATIONS_TTL_MS)
  assert.deepEqual([await check(token), await check(tokenOf())], ['invalid', 'caller'])
})
