import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientId, UserId } from '#src/contract/ids.ts'
import { newPrivateKey, tokenKeys } from './token-keys.ts'

const USER = UserId.parse('6f1e6d2a-0000-4000-8000-000000000001')
const CLIENT = ClientId.parse('5d1f')
const claims = { type: 'a', expiresAt: 1_900_000_000, tag: '', user: USER, client: CLIENT, connection: '7' } as const

test('what we signed is authentic, anything else is not', () => {
  const keys = tokenKeys([{ index: 1, privateKey: newPrivateKey() }])
  const strangers = tokenKeys([{ index: 1, privateKey: newPrivateKey() }])
  const token = keys.sign(claims)

  assert.deepEqual(keys.authentic(token), { ...claims, keyIndex: 1 })
  assert.equal(strangers.authentic(token), undefined)
  assert.equal(keys.authentic(token.replace(USER, USER.replace('1', '2'))), undefined)
  assert.equal(keys.authentic('nonsense'), undefined)
})

test('tokens of an older key stay good when a newer one signs', () => {
  const first = { index: 1, privateKey: newPrivateKey() }
  const old = tokenKeys([first]).sign(claims)
  const both = tokenKeys([first, { index: 2, privateKey: newPrivateKey() }])

  assert.equal(both.authentic(old)?.keyIndex, 1)
  assert.equal(both.authentic(both.sign(claims))?.keyIndex, 2)
  assert.deepEqual(
    both.publicKeys.map(({ publicKey }) => Buffer.from(publicKey, 'base64').length),
    [32, 32],
  )
})
