import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Domain } from '#src/contract/ids.ts'
import { testClock } from '#src/kit/clock.ts'
import { seededRandom } from '#src/kit/random.ts'
import { createPeerGates, type Entry, type Visit } from './gates.ts'

const [slow, other] = [Domain.parse('slow.test'), Domain.parse('other.test')]

const start = () => {
  const clock = testClock()
  return { clock, gates: createPeerGates({ peerRequestsMax: 2, clock, random: seededRandom(1) }) }
}
const letIn = (entry: Entry): Visit => {
  assert.equal(entry.is, 'let in')
  return entry.visit
}

test('a peer has room for so many requests, and takes nobody else’s', () => {
  const { gates } = start()
  const first = letIn(gates.enter(slow))
  letIn(gates.enter(slow))
  assert.equal(gates.enter(slow).is, 'refused')
  letIn(gates.enter(other))
  assert.deepEqual(gates.busy(), [
    { domain: slow, inside: 2, breaker: 'closed' },
    { domain: other, inside: 1, breaker: 'closed' },
  ])
  first.leave()
  first.leave()
  letIn(gates.enter(slow))
  assert.equal(gates.enter(slow).is, 'refused')
})

test('a peer that fails repeatedly is left alone until it is heard of', async () => {
  const { clock, gates } = start()
  for (let failures = 0; failures < 5; failures++) {
    const visit = letIn(gates.enter(slow))
    visit.trial.failed()
    visit.leave()
    await clock.advance(failures < 4 ? 1_000 : 0)
  }
  const refused = gates.enter(slow)
  assert.equal(refused.is === 'refused' && refused.why, 'open')
  letIn(gates.enter(other))
  gates.heard(slow)
  letIn(gates.enter(slow))
})

test('a peer that asks for time is given it', async () => {
  const { clock, gates } = start()
  const visit = letIn(gates.enter(slow))
  visit.trial.succeeded()
  visit.askedToWait(429, 10_000)
  visit.leave()
  await clock.advance(3_000)
  assert.deepEqual(gates.enter(slow), { is: 'asked to wait', status: 429, seconds: 7 })
  await clock.advance(7_000)
  letIn(gates.enter(slow))
})
