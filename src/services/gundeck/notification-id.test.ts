import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UserId } from '#src/contract/ids.ts'
import { isIdOf, notificationId, positionOf } from './notification-id.ts'

const users = fc.uuid().map((text) => UserId.parse(text))
const positions = fc.integer({ min: 1, max: 4_102_444_800_000_000 })

test('an id holds its position, for every user and time of this century', () => {
  fc.assert(
    fc.property(users, positions, (user, at) => {
      const id = notificationId(user, at)
      assert.equal(positionOf(id), at)
      assert.ok(isIdOf(user, id))
    }),
  )
})

test('every id is a version 1 UUID of the RFC variant whose node is no network card', () => {
  fc.assert(
    fc.property(users, positions, (user, at) => {
      const id = notificationId(user, at)
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f][13579bdf][0-9a-f]{10}$/)
    }),
  )
})

test('a later position is a later timestamp in the id', () => {
  const timestamp = (id: string): bigint => {
    const [low, middle, high] = id.split('-')
    return BigInt(`0x${high?.slice(1)}${middle}${low}`)
  }
  fc.assert(
    fc.property(users, positions, (user, at) => {
      assert.ok(timestamp(notificationId(user, at)) < timestamp(notificationId(user, at + 1)))
    }),
  )
})

test('the example of RFC 9562 is read as the time that it names', () => {
  // RFC 9562 §A.1: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
  assert.equal(positionOf('c232ab00-9414-11ec-b3c8-9f6bdeced846'), Date.UTC(2022, 1, 22, 19, 22, 22) * 1000)
})

test('what is no version 1 UUID has no position', () => {
  for (const id of ['', 'x', '6f1e1f2a-0000-4000-8000-00000000a11c', 'c232ab00-9414-11ec-c3c8-9f6bdeced846']) {
    assert.equal(positionOf(id), undefined)
  }
})

test('timestamps beyond all reason are positions before everything', () => {
  assert.equal(positionOf('ffffffff-ffff-1fff-8000-000000000000'), 0)
  assert.equal(positionOf('00000000-0000-1000-8000-000000000000'), 0)
})

test('an id of one user is not one of another', () => {
  const [alice, bob] = [
    UserId.parse('6f1e1f2a-0000-4000-8000-00000000a11c'),
    UserId.parse('6f1e1f2a-0000-4000-8000-000000000b0b'),
  ]
  assert.ok(!isIdOf(bob, notificationId(alice, 1_000_000)))
})
