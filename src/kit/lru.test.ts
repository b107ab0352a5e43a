import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from './clock.ts'
import { boundedCache } from './lru.ts'

test('a cache drops the entry that was unused for longest', () => {
  const cache = boundedCache<string, number>({ max: 2, clock: testClock() })
  cache.set('a', 1)
  cache.set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 2])
})

test('a cached entry expires', async () => {
  const clock = testClock()
  const cache = boundedCache<string, number>({ max: 2, ttlMs: 10, clock })
  cache.set('a', 1)
  cache.set('b', 2, 100)
  await clock.advance(10)
  assert.deepEqual([cache.get('a'), cache.get('b')], [undefined, 2])
})

test('a cache keeps what is used while many others come', () => {
  const cache = boundedCache<number, number>({ max: 100, clock: testClock() })
  const inUse = [1, 2, 3]
  for (const key of inUse) cache.set(key, key)
  for (let key = 1_000; key < 2_000; key += 1) {
    cache.set(key, key)
    for (const used of inUse) cache.get(used)
  }
  assert.deepEqual([...inUse.map((key) => cache.get(key)), cache.size], [1, 2, 3, 100])
})
