/** How the courier tells other backends. Numbers are those of backend-notifications.md §15. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VERSIONS_TTL_MS } from '#src/rpc/limits.ts'
import { eventually } from '#src/storage/testing.ts'
import { ACKNOWLEDGING_DELAY_MS, ACKNOWLEDGING_ROWS_MAX, HEAD_ROWS_MAX } from './limits.ts'
import { enqueue, enqueueRemote, remoteLetter } from './outbox.ts'
import {
  allDelivered,
  AWAY,
  B,
  bodies,
  C,
  DONE,
  inTime,
  type MakeDatabases,
  OWN,
  testQueue,
  told,
  updated,
} from './testing.ts'

export const deliveryTests = (databases: MakeDatabases): void => {
  test('what was delivered is deleted a moment later, with all that was delivered meanwhile', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await queue.start({ acknowledgingDelayMs: ACKNOWLEDGING_DELAY_MS })
    for (const body of ['1', '2']) {
      await enqueueRemote(queue.db, B, told(body))
      await eventually(() => bodies(queue).includes(body), 'it was sent')
    }
    assert.equal((await queue.waiting()).length, 2)
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'both were deleted')
    assert.deepEqual(bodies(queue), ['1', '2'])
  })

  test('so many that were delivered are deleted at once', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await enqueue(
      queue.db,
      Array.from({ length: ACKNOWLEDGING_ROWS_MAX }, (_, number) => remoteLetter(B, told(String(number)))),
    )
    await queue.start({ acknowledgingDelayMs: ACKNOWLEDGING_DELAY_MS })
    await allDelivered(queue)
  })

  test('what was delivered is deleted before a courier stops', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const courier = await queue.start({ acknowledgingDelayMs: ACKNOWLEDGING_DELAY_MS })
    await enqueueRemote(queue.db, B, told('1'))
    await eventually(() => bodies(queue).length === 1, 'it was sent')
    await courier[Symbol.asyncDispose]()
    assert.deepEqual(await queue.waiting(), [])
  })

  test('2: the peer is asked for its versions, told once, and the row is gone', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const courier = await queue.start()
    await enqueueRemote(queue.db, B, told('{"n":1}', 'request-7'))
    await allDelivered(queue)
    const [asked, sent, ...others] = queue.federator.requests
    assert.equal(others.length, 0)
    assert.deepEqual(
      [asked?.rpc, asked?.body, sent?.rpc, sent?.body],
      ['brig/api-version', '[]', 'galley/on-message-sent', '{"n":1}'],
    )
    assert.equal(asked?.headers['x-wire-api-version'], '0')
    assert.equal(sent?.headers['x-wire-api-version'], '3')
    for (const request of [asked, sent]) {
      assert.equal(request?.headers['wire-origin-domain'], OWN)
      assert.equal(request?.headers['wire-origin-request-id'], 'request-7')
    }
    await eventually(() => courier.tally(B)?.pushed === 1, 'it was counted')
    assert.deepEqual(courier.tally(B), { service: 'galley', lane: B, pushed: 1, errors: 0, buried: 0, isStuck: false })
  })

  test('3 and 4: the form that the peer understands is sent, as its greatest common version', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, { versions: [0, 999_999] })
    queue.federator.play(C, { versions: [0, 1, 2, 3] })
    await queue.start()
    await enqueueRemote(queue.db, B, updated())
    await enqueueRemote(queue.db, C, updated())
    await allDelivered(queue)
    const seen = [B, C].map((domain) => queue.federator.notifications(domain))
    assert.deepEqual(
      seen.map(([request]) => [request?.body, request?.headers['x-wire-api-version']]),
      [
        ['{"cuOrigUserId":1}', '0'],
        ['{"origUserId":1}', '3'],
      ],
    )
  })

  test('a peer that tells no versions speaks version 0', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, { versions: 'absent' })
    await queue.start()
    await enqueueRemote(queue.db, B, updated())
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['{"cuOrigUserId":1}'])
  })

  test('a body is sent byte for byte as it was written', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await queue.start()
    const body = '{ "b" : 1.0,\t"a":"\\u0000\\/é\\ud83d 😀","a":"twice" }\n'
    await enqueueRemote(queue.db, B, told(body))
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), [body])
  })

  test('rows that were there before the start are delivered, in order, more of them than are read at once', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const written = Array.from({ length: HEAD_ROWS_MAX + 10 }, (_, index) => `{"n":${index}}`)
    await enqueue(
      queue.db,
      written.map((body) => remoteLetter(B, told(body))),
    )
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), written)
  })

  test('what a peer speaks is remembered for seconds, and asked again after a failure', async () => {
    await using queue = await testQueue(databases)
    let isFailing = false
    queue.federator.play(B, { answer: () => (isFailing ? AWAY : DONE) })
    await queue.start()
    const questions = () => queue.federator.requests.filter(({ rpc }) => rpc === 'brig/api-version').length
    await enqueueRemote(queue.db, B, told('1'))
    await allDelivered(queue)
    await enqueueRemote(queue.db, B, told('2'))
    await allDelivered(queue)
    assert.equal(questions(), 1)

    await queue.clock.advance(VERSIONS_TTL_MS)
    await enqueueRemote(queue.db, B, told('3'))
    await allDelivered(queue)
    assert.equal(questions(), 2)

    isFailing = true
    await enqueueRemote(queue.db, B, told('4'))
    await eventually(() => bodies(queue).length === 4, 'it was tried')
    isFailing = false
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.equal(questions(), 3)
  })
}
