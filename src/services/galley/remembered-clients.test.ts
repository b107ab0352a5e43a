import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientId, Domain, UserId } from '#src/contract/ids.ts'
import { type Clock, testClock } from '#src/kit/clock.ts'
import { momentOf, type Promised, type RememberedClients, rememberedClients } from './remembered-clients.ts'

const backend = Domain.parse('b.example')
const bob = UserId.parse('0d9f3c52-7a41-4d35-9b0e-5d1c2a7e8f10')
const ben = UserId.parse('2b6f8f0c-93c4-4a57-8a55-7f0e4f2f6b21')
const device = (id: string) => ({ id: ClientId.parse(id) })

const promised = (clock: Clock, more: Partial<Promised> = {}): Promised => ({
  backend,
  clients: { [bob]: [device('b1')] },
  changing: new Set(),
  generation: 3,
  since: momentOf(clock),
  ms: 5_000,
  ...more,
})

const recalled = (remembered: RememberedClients) => {
  const devices = remembered.recall(backend, [bob])?.clients.get(bob)
  return devices && [...devices]
}

test('a promise counts from when the question was sent, and grows old at half of its time', async () => {
  const clock = testClock()
  const remembered = rememberedClients(clock)
  const since = momentOf(clock)
  await clock.advance(1_000)
  remembered.keep(promised(clock, { since }))
  assert.deepEqual(remembered.recall(backend, [bob]), {
    clients: new Map([[bob, new Set(['b1'])]]),
    generation: 3,
    isAging: false,
  })
  await clock.advance(1_500)
  assert.equal(remembered.recall(backend, [bob])?.isAging, true)
  await clock.advance(2_499)
  assert.deepEqual(recalled(remembered), ['b1'])
  await clock.advance(1)
  assert.equal(recalled(remembered), undefined)
})

test('a machine that slept has not kept a promise alive, and a clock that is set back neither', async () => {
  const [monotonic, timeOfDay] = [testClock(), testClock()]
  const clock: Clock = { ...monotonic, now: timeOfDay.now }
  const remembered = rememberedClients(clock)
  remembered.keep(promised(clock))
  await timeOfDay.advance(5_000)
  assert.equal(recalled(remembered), undefined)
  remembered.keep(promised(clock))
  assert.deepEqual(recalled(remembered), ['b1'])
  await monotonic.advance(5_000)
  assert.equal(recalled(remembered), undefined)
})

test('of people of whom one is not remembered nothing is recalled', () => {
  const remembered = rememberedClients(testClock())
  remembered.keep(promised(testClock()))
  assert.equal(remembered.recall(backend, [bob, ben]), undefined)
  assert.equal(remembered.recall(Domain.parse('c.example'), [bob]), undefined)
})

test('what was got under an older generation than is known is not recalled, whoever of them was asked', () => {
  const clock = testClock()
  const remembered = rememberedClients(clock)
  remembered.keep(promised(clock))
  remembered.keep(promised(clock, { generation: 4, clients: { [ben]: [] } }))
  assert.equal(recalled(remembered), undefined)
  assert.equal(remembered.recall(backend, [ben])?.generation, 4)
})

test('an answer that was overtaken by a later one does not take its place', async () => {
  const clock = testClock()
  const remembered = rememberedClients(clock)
  const early = promised(clock)
  await clock.advance(10)
  remembered.keep(promised(clock, { clients: { [bob]: [device('b2')] } }))
  remembered.keep(early)
  assert.deepEqual(recalled(remembered), ['b2'])
  remembered.keep(promised(clock, { generation: 4, clients: { [bob]: [device('b3')] } }))
  remembered.keep(promised(clock))
  assert.deepEqual(recalled(remembered), ['b3'])
})

test('whose devices are changing is forgotten', () => {
  const clock = testClock()
  const remembered = rememberedClients(clock)
  remembered.keep(promised(clock))
  remembered.keep(promised(clock, { changing: new Set([bob]) }))
  assert.equal(recalled(remembered), undefined)
})

test('people of two backends who have the same id are never taken for each other', () => {
  const clock = testClock()
  const remembered = rememberedClients(clock)
  const other = Domain.parse('other.example')
  remembered.keep(promised(clock, {}))
  remembered.keep(promised(clock, { backend: other, clients: { [bob]: [device('b9')] } }))
  assert.equal(recalled(remembered), undefined)
  remembered.keep(promised(clock, { changing: new Set([bob]) }))
  assert.deepEqual([...(remembered.recall(other, [bob])?.clients.get(bob) ?? [])], ['b9'])
})
