import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#src/kit/clock.ts'
import { seededRandom } from '#src/kit/random.ts'
import { createBreaker } from './breaker.ts'

const start = () => {
  const clock = testClock()
  const breaker = createBreaker(clock, seededRandom(1))
  const fail = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      breaker.enter()?.failed()
      await clock.advance(1_000)
    }
  }
  return { clock, breaker, fail }
}

test('five failures in a row open it, four do not', async () => {
  const { breaker, fail } = start()
  await fail(4)
  assert.equal(breaker.state, 'closed')
  breaker.enter()?.failed()
  assert.equal(breaker.state, 'open')
  assert.equal(breaker.enter(), undefined)
})

test('a success starts the count anew', async () => {
  const { breaker, fail } = start()
  await fail(4)
  breaker.enter()?.succeeded()
  await fail(4)
  assert.equal(breaker.state, 'closed')
})

test('failures that come together count as one', () => {
  const { breaker } = start()
  const trials = Array.from({ length: 64 }, () => breaker.enter())
  for (const trial of trials) trial?.failed()
  assert.equal(breaker.state, 'closed')
})

test('failures of long ago do not count', async () => {
  const { clock, breaker, fail } = start()
  await fail(4)
  await clock.advance(60_000)
  breaker.enter()?.failed()
  assert.equal(breaker.state, 'closed')
})

test('after a moment one request is let through, and no second one before its ending', async () => {
  const { clock, breaker, fail } = start()
  await fail(5)
  await clock.advance(1_000)
  assert.equal(breaker.state, 'half-open')
  const probe = breaker.enter()
  assert.ok(probe)
  assert.equal(breaker.enter(), undefined)
  probe.abandoned()
  const next = breaker.enter()
  next?.succeeded()
  assert.equal(breaker.state, 'closed')
  assert.ok(breaker.enter() && breaker.enter())
})

test('a probe that fails opens it for longer, up to a bound', async () => {
  const { clock, breaker, fail } = start()
  await fail(5)
  const waits: number[] = []
  for (let opening = 0; opening < 8; opening++) {
    let waited = 0
    for (; breaker.state === 'open'; waited += 100) await clock.advance(100)
    waits.push(waited)
    breaker.enter()?.failed()
  }
  assert.ok(
    waits.every((wait) => wait <= 15_100),
    String(waits),
  )
  assert.ok((waits.at(-1) ?? 0) >= 7_500 && (waits[1] ?? 0) < 2_100, String(waits))
})

test('a request from before that succeeds closes it, one that fails changes nothing', async () => {
  const { breaker, fail } = start()
  const [good, bad] = [breaker.enter(), breaker.enter()]
  await fail(4)
  breaker.enter()?.failed()
  bad?.failed()
  assert.equal(breaker.state, 'open')
  good?.succeeded()
  assert.equal(breaker.state, 'closed')
})

test('hearing from the peer ends the waiting, with one request first', async () => {
  const { breaker, fail } = start()
  await fail(4)
  breaker.enter()?.failed()
  breaker.heard()
  assert.equal(breaker.state, 'half-open')
  assert.ok(breaker.enter())
  assert.equal(breaker.enter(), undefined)
})
