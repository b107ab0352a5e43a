import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientId, UserId } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { KEY_ADOPTION_SECONDS } from './limits.ts'
import { newPrivateKey, type StoredKey, tokenKeys } from './token-keys.ts'

const USER = UserId.parse('6f1e6d2a-0000-4000-8000-000000000001')
const CLIENT = ClientId.parse('5d1f')
const claims = { type: 'a', expiresAt: 1_900_000_000, tag: '', user: USER, client: CLIENT, connection: '7' } as const
const clock = testClock()
const newKey = (index: number, createdAt = new Date(0)): StoredKey => ({
  index,
  privateKey: newPrivateKey(),
  createdAt,
})

test('what we signed is authentic, anything else is not', () => {
  const keys = tokenKeys([newKey(1)], clock)
  const strangers = tokenKeys([newKey(1)], clock)
  const token = keys.sign(claims)

  assert.deepEqual(keys.authentic(token), { ...claims, keyIndex: 1 })
  assert.equal(strangers.authentic(token), undefined)
  assert.equal(keys.authentic(token.replace(USER, USER.replace('1', '2'))), undefined)
  assert.equal(keys.authentic('nonsense'), undefined)
})

test('a new key signs once everybody can have heard of it, and the older one’s tokens stay good', async () => {
  const keys = tokenKeys([newKey(1), newKey(2, clock.now())], clock)
  const old = keys.sign(claims)
  assert.equal(keys.authentic(old)?.keyIndex, 1)
  await clock.advance(KEY_ADOPTION_SECONDS * 1000)
  assert.equal(keys.authentic(keys.sign(claims))?.keyIndex, 2)
  assert.equal(keys.authentic(old)?.keyIndex, 1)
  assert.deepEqual(
    keys.publicKeys.map(({ publicKey }) => Buffer.from(publicKey, 'base64').length),
    [32, 32],
  )
})

test('at the first start there is one key, and it signs at once', () => {
  const keys = tokenKeys([newKey(1, clock.now())], clock)
  assert.equal(keys.authentic(keys.sign(claims))?.keyIndex, 1)
})
