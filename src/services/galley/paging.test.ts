import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConversationId, Domain } from '#src/contract/ids.ts'
import { decodePosition, encodePosition } from './paging.ts'

const position = {
  isRemote: true,
  domain: Domain.parse('b.example'),
  conversation: ConversationId.parse('c0ffee00-0000-4000-8000-000000000000'),
}

test('the next page begins where the last one ended', () => {
  assert.deepEqual(decodePosition(encodePosition(position)), position)
  assert.deepEqual(decodePosition(encodePosition({ ...position, isRemote: false })), { ...position, isRemote: false })
  assert.equal(decodePosition(encodePosition(undefined)), undefined)
})

test('text that is none of ours is recognised', () => {
  for (const text of ['AQ==', '!!!', 'bCBhLmV4YW1wbGU=', Buffer.from('x a.example c0ffee').toString('base64')]) {
    assert.equal(decodePosition(text), 'invalid', text)
  }
})
