/** How the courier tells our own parts, and how others wait for that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { gundeckInternal, type Push } from '#src/contract/internal/gundeck.ts'
import { Refusal } from '#src/kit/errors.ts'
import { fake } from '#src/kit/http/fake.ts'
import { eventually } from '#src/storage/testing.ts'
import type { LocalCall } from './letters.ts'
import { FLUSH_TIMEOUT_MS, LOCAL_RETRY_MAX_MS } from './limits.ts'
import { enqueue, enqueueLocal, localLetter } from './outbox.ts'
import { allDelivered, inTime, type MakeDatabases, testQueue } from './testing.ts'

const USER = '6f1e1f2a-0000-4000-8000-00000000abcd'

/** Ids of pushes end in their number. */
const pushId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

const push = (number: number): LocalCall => ({
  target: 'gundeck',
  endpoint: 'push',
  body: {
    pushes: [{ id: pushId(number), recipients: [{ user: USER }], payload: [{ type: 'test', text: 'é\u0000' }] }],
  },
  requestId: `request-${number}`,
})

const align = (kind: 'connect' | 'one2one'): LocalCall => ({
  target: 'galley',
  endpoint: 'connect-one2one',
  body: {
    self: USER,
    other: { domain: 'b.example', id: USER },
    conversation: { domain: 'b.example', id: USER },
    selfIn: true,
    otherIn: true,
    kind,
    actor: 'self',
  },
  requestId: 'request-align',
})

/** Gundeck, and what it was asked to push: one list per call. */
const gundeckThat = (answer: (pushes: readonly Push[]) => void = () => {}) => {
  const calls: (readonly Push[])[] = []
  const gundeck = fake(gundeckInternal, {
    push: async ({ body: { pushes } }) => {
      calls.push(pushes)
      answer(pushes)
      return { outcome: 'done', body: {} }
    },
  })
  return { gundeck, calls, numbers: () => calls.map((pushes) => pushes.map(({ id }) => Number(id.slice(-12)))) }
}

const refuse = (status: number): never => {
  throw new Refusal(status, 'no', { detail: 'no' })
}

export const localTests = (databases: MakeDatabases): void => {
  test('pushes that wait together travel together, in order, each with the request it belongs to', async () => {
    const { gundeck, calls, numbers } = gundeckThat()
    await using queue = await testQueue(databases, { gundeck })
    await enqueue(queue.db, [push(1), push(2), push(3)].map(localLetter))
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(numbers(), [[1, 2, 3]])
    assert.deepEqual(
      calls[0]?.map(({ requestId }) => requestId),
      ['request-1', 'request-2', 'request-3'],
    )
    assert.deepEqual(calls[0]?.[0]?.payload, [{ type: 'test', text: 'é\u0000' }])
  })

  test('different calls keep their order among each other', async () => {
    const order: string[] = []
    const { gundeck } = gundeckThat((pushes) => order.push(`push of ${pushes.length}`))
    const galley = fake(galleyInternal, {
      'connect-one2one': async ({ body: { kind } }) => {
        order.push(kind)
        return { outcome: 'aligned', body: {} }
      },
    })
    await using queue = await testQueue(databases, { gundeck, galley })
    const calls = [push(1), push(2), align('connect'), align('one2one'), push(3)]
    await enqueue(queue.db, calls.map(localLetter))
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(order, ['push of 2', 'connect', 'one2one', 'push of 1'])
  })

  test('a call that is refused is kept as a dead letter and holds up nobody', async () => {
    const galley = fake(galleyInternal, { 'connect-one2one': async () => refuse(400) })
    const { gundeck, numbers } = gundeckThat()
    await using queue = await testQueue(databases, { gundeck, galley })
    await enqueue(queue.db, [align('connect'), push(1)].map(localLetter))
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(numbers(), [[1]])
    const [letter] = await queue.deadLetters()
    assert.equal(letter?.letter, localLetter(align('connect')).text)
    assert.equal(letter?.reason, 'refused')
    assert.match(letter?.detail ?? '', /^400 .*"label":"no"/)
  })

  test('of pushes that travel together one bad one is found and kept, and all others arrive once', async () => {
    const { gundeck, calls } = gundeckThat((pushes) => {
      if (pushes.some(({ id }) => id === pushId(3))) refuse(400)
    })
    await using queue = await testQueue(databases, { gundeck })
    await enqueue(
      queue.db,
      [1, 2, 3, 4, 5].map((number) => localLetter(push(number))),
    )
    await queue.start()
    await allDelivered(queue)
    const taken = calls.filter((pushes) => pushes.every(({ id }) => id !== pushId(3))).flat()
    assert.deepEqual(
      taken.map(({ id }) => id),
      [1, 2, 4, 5].map(pushId),
    )
    assert.deepEqual(
      (await queue.deadLetters()).map(({ letter }) => letter),
      [localLetter(push(3)).text],
    )
  })

  test('a part that cannot now is asked again soon, and nothing is lost or reordered', async () => {
    let failures = 30
    const { gundeck, numbers } = gundeckThat(() => {
      failures -= 1
      if (failures > 0) refuse(failures % 2 === 0 ? 500 : 503)
    })
    await using queue = await testQueue(databases, { gundeck })
    await queue.start()
    await enqueueLocal(queue.db, push(1))
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was taken')
    // Our steps through time are coarse; with the waits that peers get it would be a quarter of an hour.
    assert.ok(queue.clock.monotonicMs() <= 5 * 30 * LOCAL_RETRY_MAX_MS)
    assert.deepEqual(
      numbers(),
      Array.from({ length: 30 }, () => [1]),
    )
    assert.deepEqual(await queue.deadLetters(), [])
  })

  test('a row for an endpoint that does not exist is kept as a dead letter', async () => {
    await using queue = await testQueue(databases)
    const text = JSON.stringify({ target: 'gundeck', endpoint: 'toString', body: {}, requestId: 'r' })
    await enqueue(queue.db, [
      { lane: '@local', text },
      { lane: '@local', text: '{}' },
    ])
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(
      (await queue.deadLetters()).map(({ reason }) => reason),
      ['undecodable', 'undecodable'],
    )
  })
}

export const flushTests = (databases: MakeDatabases): void => {
  test('a flush ends when everything up to the row was delivered, and not before', async () => {
    const release = Promise.withResolvers<void>()
    const gundeck = fake(gundeckInternal, {
      push: async () => {
        await release.promise
        return { outcome: 'done', body: {} }
      },
    })
    await using queue = await testQueue(databases, { gundeck })
    const courier = await queue.start()
    const id = await enqueueLocal(queue.db, push(1))
    let isFlushed = false
    const flushing = courier.flush(id).then((outcome) => {
      isFlushed = true
      return outcome
    })
    await eventually(() => gundeck.calls.length === 1, 'it was being delivered')
    assert.equal(isFlushed, false)
    release.resolve()
    assert.deepEqual(await flushing, { outcome: 'flushed', body: { delivered: true } })
    assert.deepEqual(await queue.waiting(), [])
  })

  test('a flush of what is not delivered in time says so, and it is delivered later all the same', async () => {
    let isWell = false
    const { gundeck } = gundeckThat(() => isWell || refuse(500))
    await using queue = await testQueue(databases, { gundeck })
    const courier = await queue.start()
    const id = await enqueueLocal(queue.db, push(1))
    const flushing = courier.flush(id)
    await eventually(() => gundeck.calls.length > 0, 'it was tried')
    await queue.clock.advance(FLUSH_TIMEOUT_MS)
    let outcome: unknown
    void flushing.then((known) => (outcome = known))
    await inTime(queue, () => outcome !== undefined, 'the flush ended')
    assert.deepEqual(outcome, { outcome: 'flushed', body: { delivered: false } })
    isWell = true
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
  })

  test('a flush does not wait for rows after its own, and of nothing it ends at once', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start()
    const first = await enqueueLocal(queue.db, push(1))
    await allDelivered(queue)
    assert.deepEqual(await courier.flush(first), { outcome: 'flushed', body: { delivered: true } })
    assert.deepEqual(await courier.flush('9000000000000000000'), { outcome: 'flushed', body: { delivered: true } })
  })

  test('a flush of a service without a queue is refused', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start()
    assert.deepEqual(await courier.flush('1', 'cargohold'), { outcome: 'unknown-service' })
  })
}
