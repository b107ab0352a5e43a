import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { nullLog } from '#src/kit/log.ts'
import { createExpulsion } from './expulsion.ts'
import { REMOTES_POLL_MS } from './limits.ts'
import type { KnownRemotes } from './policy.ts'

const a = Domain.parse('a.test')
const b = Domain.parse('b.test')

/** Sessions with `open`, and a list that changes as the test says. */
const setUp = (open: readonly Domain[]) => {
  const clock = testClock()
  const world = { open, remotes: [a, b] as Domain[], isAway: false, asked: 0, closed: [] as Domain[] }
  const remotes = async (): Promise<KnownRemotes> => {
    world.asked += 1
    if (world.isAway) throw new Error('brig is away')
    return { strategy: 'allowDynamic', remotes: world.remotes.map((domain) => ({ domain })) }
  }
  const sessions = { domains: () => world.open, close: (domain: Domain) => void world.closed.push(domain) }
  const expulsion = createExpulsion({ remotes, clock, log: nullLog })
  expulsion.watch(sessions)
  return { clock, world, expulsion }
}

test('the sessions of a domain that is no longer listed are closed, others stay', async () => {
  const { clock, world } = setUp([a, b])
  await clock.advance(REMOTES_POLL_MS)
  assert.deepEqual(world.closed, [])
  world.remotes = [b]
  await clock.advance(REMOTES_POLL_MS)
  assert.deepEqual(world.closed, [a])
})

test('nobody asks for the list while no session is open', async () => {
  const { clock, world } = setUp([])
  await clock.advance(10 * REMOTES_POLL_MS)
  assert.equal(world.asked, 0)
  world.open = [a]
  await clock.advance(REMOTES_POLL_MS)
  assert.equal(world.asked, 1)
})

test('while the list cannot be had nothing is closed, and it is tried again', async () => {
  const { clock, world } = setUp([a])
  world.isAway = true
  world.remotes = []
  await clock.advance(REMOTES_POLL_MS)
  assert.deepEqual(world.closed, [])
  world.isAway = false
  await clock.advance(REMOTES_POLL_MS)
  assert.deepEqual(world.closed, [a])
})

test('when it is over nobody looks any more', async () => {
  const { clock, world, expulsion } = setUp([a])
  expulsion[Symbol.dispose]()
  await clock.advance(10 * REMOTES_POLL_MS)
  assert.equal(world.asked, 0)
})

test('a check that is answered with no closes what is open at once', async () => {
  const { world, expulsion } = setUp([a, b])
  world.remotes = [a]
  assert.equal(await expulsion.isAllowed(a), true)
  assert.equal(await expulsion.isAllowed(b), false)
  assert.deepEqual(world.closed, [b])
})
