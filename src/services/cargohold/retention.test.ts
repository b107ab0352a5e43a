import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AssetKey } from '#src/contract/ids.ts'
import { digitOf, expiryOf, keyOf, partsOf } from './retention.ts'

const DAY_SECONDS = 24 * 60 * 60

test('AST-011: the key says how long an asset lives, and its end follows from that', () => {
  const created = new Date('2026-01-31T09:12:33.123Z')
  const lifetimes = { volatileSeconds: 28 * DAY_SECONDS, expiringSeconds: 365 * DAY_SECONDS }
  const all = ['eternal', 'persistent', 'volatile', 'eternal-infrequent_access', 'expiring'] as const
  assert.deepEqual(all.map(digitOf), [1, 2, 3, 4, 5])
  assert.deepEqual(
    all.map((retention) => expiryOf(retention, created, lifetimes)?.toISOString()),
    [undefined, undefined, '2026-02-28T09:12:33.123Z', undefined, '2027-01-31T09:12:33.123Z'],
  )
})

test('a key comes apart and together again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.uuid(), (digit, uuid) => {
      const key = AssetKey.parse(`3-${digit}-${uuid.toUpperCase()}`)
      assert.equal(keyOf(partsOf(key)), key)
      assert.equal(partsOf(key).id, uuid)
    }),
  )
})

test('nothing else is a key, least of all a path', () => {
  const pathLike = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '-', '3', 'a', '\0', '\n') }),
    fc.uuid().map((id) => `3-1-${id}/..`),
    fc.uuid().map((id) => `../3-1-${id}`),
    fc.uuid().map((id) => `3-1-${id}\n`),
    fc.uuid().map((id) => `3-6-${id}`),
    fc.uuid().map((id) => `2-1-${id}`),
  )
  fc.assert(fc.property(pathLike, (text) => assert.equal(AssetKey.safeParse(text).success, false)))
})
