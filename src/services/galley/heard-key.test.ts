import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { Domain } from '#src/contract/ids.ts'
import { heardKey, pushIdsOf } from './heard-key.ts'

const context = { origin: Domain.parse('a.example'), version: 2, requestId: 'r1' }
const key = heardKey('on-message-sent', { text: 'x' }, context)

test('the same notification has the same key and leads to the same pushes', () => {
  const again = heardKey('on-message-sent', { text: 'x' }, { ...context })
  assert.deepEqual(again, key)
  const [first, second] = [pushIdsOf(key), pushIdsOf(again)]
  assert.deepEqual([first(), first()], [second(), second()])
})

test('another origin, path, request or body is another notification', () => {
  const others = [
    heardKey('on-message-sent', { text: 'x' }, { ...context, origin: Domain.parse('b.example') }),
    heardKey('on-conversation-updated', { text: 'x' }, context),
    heardKey('on-message-sent', { text: 'x' }, { ...context, requestId: 'r2' }),
    heardKey('on-message-sent', { text: 'y' }, context),
  ]
  for (const other of others) assert.notDeepEqual(other, key)
})

test('the pushes of one notification have different ids, all of them UUIDs', () => {
  const ids = pushIdsOf(key)
  const three = [ids(), ids(), ids()]
  assert.equal(new Set(three).size, 3)
  for (const id of three) z.uuid().parse(id)
})
