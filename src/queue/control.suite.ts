/** What an operator can do with lanes, and that it can be done at any moment and twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#src/storage/testing.ts'
import { enqueue, enqueueRemote, remoteLetter, topicsOf } from './outbox.ts'
import {
  allDelivered,
  B,
  bodies,
  C,
  DONE,
  inTime,
  type MakeDatabases,
  refusedByPeer,
  testQueue,
  told,
} from './testing.ts'

export const controlTests = (databases: MakeDatabases): void => {
  test('FED-035: one of a thousand that the peer refuses is a dead letter with its reason, and is replayed', async () => {
    await using queue = await testQueue(databases)
    let isMended = false
    queue.federator.play(B, {
      answer: ({ body }) => (body === '"500"' && !isMended ? refusedByPeer(400, 'bad-request') : DONE),
    })
    await enqueue(
      queue.db,
      Array.from({ length: 1_000 }, (_, index) => remoteLetter(B, told(`"${index}"`), topicsOf(`group ${index % 50}`))),
    )
    const courier = await queue.start()
    await allDelivered(queue)
    assert.equal(new Set(bodies(queue)).size, 1_000)
    assert.equal(courier.tally(B)?.pushed, 999)
    const [dead, ...others] = await courier.shown()
    assert.deepEqual(others, [])
    assert.deepEqual([dead?.reason, dead?.detail], ['bad-request', 'no'])
    assert.match(dead?.request ?? '', /galley\/on-message-sent in version 3, request request-1/)
    assert.match(dead?.answer ?? '', /"label":"bad-request"/)
    assert.match(dead?.letter ?? '', /500/)

    isMended = true
    assert.equal(await courier.control('replay', { dryRun: true }), 1)
    assert.equal((await courier.shown()).length, 1)
    assert.equal(await courier.control('replay', { letters: [dead?.id ?? ''] }), 1)
    await eventually(() => courier.tally(B)?.pushed === 1_000, 'the replayed one was delivered')
    await allDelivered(queue)
    assert.equal(bodies(queue).at(-1), '"500"')
    assert.equal(await courier.control('replay'), 0)
  })

  test('FED-035: a damaged row before a good one is put aside, and the good one is delivered', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await enqueue(queue.db, [{ lane: B, text: '{"notifications":[{"damaged' }, remoteLetter(B, told('"good"'))])
    const courier = await queue.start()
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['"good"'])
    assert.deepEqual(
      (await courier.shown()).map(({ reason }) => reason),
      ['undecodable'],
    )
  })

  test('a lane that rests keeps what is written for it, over a restart too, and goes on when it may', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    queue.federator.play(C, {})
    const first = await queue.start()
    assert.equal(await first.control('pause'), 0)
    assert.equal(await first.control('pause'), 0)
    await enqueueRemote(queue.db, B, told('"waits"'))
    await enqueueRemote(queue.db, C, told('"goes"'))
    await eventually(() => bodies(queue, C).length === 1, 'others went')
    await first[Symbol.asyncDispose]()
    const second = await queue.start()
    await enqueueRemote(queue.db, B, told('"too"'))
    const [state] = (await second.lanes()).filter(({ lane }) => lane === B)
    assert.deepEqual([state?.waiting, state?.isPaused, state?.dead], [2, true, 0])
    assert.deepEqual(bodies(queue, B), [])
    assert.equal(await second.control('resume', { dryRun: true }), 2)
    assert.deepEqual(bodies(queue, B), [])
    assert.equal(await second.control('resume'), 2)
    await allDelivered(queue)
    assert.deepEqual(bodies(queue, B), ['"waits"', '"too"'])
    assert.equal(await second.control('resume'), 0)
  })

  test('what waits for its next try is tried when the operator says so', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start()
    await enqueueRemote(queue.db, B, told('{}'))
    await eventually(() => courier.tally(B)?.isStuck === true, 'the peer is away')
    queue.federator.play(B, {})
    assert.equal(await courier.control('retry'), 1)
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
  })

  test('a lane that is drained has lost nothing: all of it can be replayed, in order', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start()
    const written = ['1', '2', '3']
    for (const body of written) await enqueueRemote(queue.db, B, told(body))
    assert.equal(await courier.control('drain', { dryRun: true }), 3)
    assert.equal((await queue.waiting()).length, 3)
    assert.equal(await courier.control('drain'), 3)
    assert.equal(await courier.control('drain'), 0)
    assert.deepEqual(await queue.waiting(), [])
    assert.deepEqual(
      (await courier.shown()).map(({ reason }) => reason),
      ['drained', 'drained', 'drained'],
    )
    queue.federator.play(B, {})
    assert.equal(await courier.control('replay'), 3)
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'they were delivered')
    assert.deepEqual(bodies(queue), written)
  })

  test('a domain that is blocked and allowed again has missed nothing', async () => {
    await using queue = await testQueue(databases)
    let isAllowed = false
    queue.federator.play(B, {})
    const allowed = queue.federator.transport
    const denied = { status: 400, headers: { 'content-type': 'application/json' }, body: DENIED }
    const courier = await queue.start({
      federator: { send: async (request) => (isAllowed ? allowed.send(request) : { ...denied, body: denied.body() }) },
    })
    for (const body of ['1', '2']) await enqueueRemote(queue.db, B, told(body))
    await eventually(() => courier.tally(B)?.isStuck === true, 'it was refused')
    isAllowed = true
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.deepEqual(bodies(queue), ['1', '2'])
    assert.deepEqual(await courier.shown(), [])
  })
}

async function* DENIED(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"code":400,"label":"federation-denied","message":"no"}')
}
