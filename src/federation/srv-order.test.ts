import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#src/kit/random.ts'
import type { Target } from './discovery.ts'
import { orderTargets } from './srv-order.ts'

const target = (host: string, priority: number, weight: number): Target => ({ host, port: 443, priority, weight })

test('lower priority comes first, whatever the weight', () => {
  const targets = [target('c', 20, 100), target('a', 0, 0), target('b', 10, 1)]
  const hosts = orderTargets(targets, seededRandom(1)).map(({ host }) => host)
  assert.deepEqual(hosts, ['a', 'b', 'c'])
})

test('every target is there exactly once', () => {
  const targets = Array.from({ length: 20 }, (_, index) => target(`h${index}`, index % 3, index % 5))
  const ordered = orderTargets(targets, seededRandom(7))
  assert.deepEqual(new Set(ordered), new Set(targets))
  assert.equal(ordered.length, targets.length)
})

test('among equal priorities the first is drawn in proportion to the weights (chi-squared, 10 000 draws)', () => {
  const weights = { a: 10, b: 20, c: 30, d: 40 }
  const targets = Object.entries(weights).map(([host, weight]) => target(host, 0, weight))
  const random = seededRandom(42)
  const draws = Array.from({ length: 10_000 }, () => orderTargets(targets, random)[0]?.host ?? '')
  const chiSquared = Object.entries(weights).reduce((sum, [host, weight]) => {
    const expected = weight * 100
    return sum + (draws.filter((drawn) => drawn === host).length - expected) ** 2 / expected
  }, 0)
  // Three degrees of freedom. RFC 2782 draws from 0 to the sum inclusive, which favours the first a little: hence
  // not the 5 % but the 0.1 % bound.
  assert.ok(chiSquared < 16.27, `chi-squared is ${chiSquared}, seed 42`)
})

test('a weight of zero is drawn seldom beside others and evenly enough alone', () => {
  const random = seededRandom(3)
  const firstOf = (targets: readonly Target[]) => orderTargets(targets, random)[0]?.host
  const beside = Array.from({ length: 2_000 }, () => firstOf([target('zero', 0, 0), target('heavy', 0, 99)]))
  assert.ok(beside.filter((host) => host === 'zero').length < 60)
  assert.equal(firstOf([target('only', 0, 0)]), 'only')
})
