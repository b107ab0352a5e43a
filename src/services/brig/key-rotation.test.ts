import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call } from '#src/kit/http/client.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { KEY_ADOPTION_SECONDS, KEY_RETIREMENT_SECONDS } from './limits.ts'
import { callInternal, callPublic, PASSWORD, registerPerson, startTestBrig } from './testing.ts'

test('keys are changed while running: sessions of the old one go on, and an old one goes when nothing of it is good', async () => {
  const brig = await startTestBrig()
  await using _brig = brig
  const alice = await registerPerson(brig)
  const keyOf = (token: unknown) => /\.k=(\d+)\./.exec(String(token))?.[1]
  const renew = () => callPublic(brig, { path: '/access', headers: { cookie: `zuid=${alice.cookie}` } })
  const indices = async () => {
    const { body } = await callInternal(brig, 'get-access-keys', {})
    return body.keys.map(({ index }) => index)
  }
  const rotated = await callInternal(brig, 'rotate-access-keys', {})
  assert.deepEqual(rotated.outcome === 'rotated' && rotated.body, { index: 2 })
  assert.deepEqual(await indices(), [1, 2])
  // Gateways may not know it yet.
  assert.equal(keyOf((await renew()).body['access_token']), '1')
  await brig.clock.advance(KEY_ADOPTION_SECONDS * 1000)
  assert.equal(keyOf((await renew()).body['access_token']), '2')
  const afterRestart = await call(await brig.restarted(), brigInternal['get-access-keys'], {})
  assert.deepEqual(
    afterRestart.body.keys.map(({ index }) => index),
    [1, 2],
  )
  const login = await callPublic(brig, { path: '/login', body: { email: alice.email, password: PASSWORD } })
  assert.equal(keyOf(login.body['access_token']), '2')
  await brig.clock.advance((KEY_RETIREMENT_SECONDS + 1) * 1000)
  await callInternal(brig, 'rotate-access-keys', {})
  assert.deepEqual(await indices(), [2, 3])
})
