/** What the courier does when telling goes wrong. Numbers are those of backend-notifications.md §15. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#src/storage/testing.ts'
import { RETRY_MAX_MS } from './limits.ts'
import { enqueue, enqueueRemote, remoteLetter, topicsOf } from './outbox.ts'
import {
  allDelivered,
  AWAY,
  B,
  bodies,
  DONE,
  inTime,
  type MakeDatabases,
  refusedByPeer,
  testQueue,
  told,
  withoutAcknowledging,
} from './testing.ts'

export const failureTests = (databases: MakeDatabases): void => {
  test('5: what the peer refuses as malformed is kept as a dead letter, and the lane goes on', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, { answer: ({ body }) => (body === '"bad"' ? refusedByPeer(400, 'bad-request') : DONE) })
    const courier = await queue.start()
    await enqueueRemote(queue.db, B, told('"bad"'))
    await enqueueRemote(queue.db, B, told('"good"'))
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['"bad"', '"good"'])
    const letter = JSON.stringify(told('"bad"'))
    assert.deepEqual(await queue.deadLetters(), [{ lane: B, letter, reason: 'bad-request', detail: 'no' }])
    await eventually(() => courier.tally(B)?.pushed === 1, 'the good one was counted')
    assert.deepEqual(courier.tally(B), { service: 'galley', lane: B, pushed: 1, errors: 1, buried: 1, isStuck: false })
  })

  test('6, 7, 9, 10: whatever else goes wrong is tried again, with the same bytes, until it goes right', async () => {
    await using queue = await testQueue(databases)
    const answers = [
      refusedByPeer(400, 'federation-denied'),
      { status: 400, body: '{"code":400,"label":"bad-request","message":"of our own federator"}' },
      { status: 200, type: 'text/html', body: '<html>' },
      { status: 200, body: '[]' },
      AWAY,
    ]
    queue.federator.play(B, { answer: () => answers.shift() ?? DONE })
    const courier = await queue.start()
    await enqueueRemote(queue.db, B, told('{"same":true}'))
    await eventually(() => courier.tally(B)?.isStuck === true, 'the lane was stuck')
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.deepEqual(
      bodies(queue),
      Array.from({ length: 6 }, () => '{"same":true}'),
    )
    await eventually(() => courier.tally(B)?.pushed === 1, 'it was counted')
    assert.deepEqual(courier.tally(B), { service: 'galley', lane: B, pushed: 1, errors: 5, buried: 0, isStuck: false })
    assert.deepEqual(await queue.deadLetters(), [])
  })

  test('a peer that answers api-version with bad-request does not make us give up what waits', async () => {
    await using queue = await testQueue(databases)
    await enqueueRemote(queue.db, B, told('{}'))
    const transport = queue.federator.transport
    let asked = 0
    const courier = await queue.start({
      federator: {
        send: (request) => {
          if (request.rpc === 'api-version') asked += 1
          queue.federator.play(B, {})
          return transport.send(asked === 1 ? { ...request, rpc: 'refused' } : request)
        },
      },
    })
    queue.federator.play(B, {
      answer: ({ rpc }) => (rpc === 'brig/refused' ? refusedByPeer(400, 'bad-request') : DONE),
    })
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.equal(courier.tally(B)?.buried, 0)
  })

  test('8: a row that cannot be read is kept as a dead letter, nobody is called, and the lane goes on', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const unreadable = ['not JSON', '{}', '{"notifications":[]}', JSON.stringify({ notifications: [{ path: '../x' }] })]
    await enqueue(
      queue.db,
      unreadable.map((text) => ({ lane: B, text })),
    )
    await enqueueRemote(queue.db, B, told('"good"'))
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['"good"'])
    const letters = await queue.deadLetters()
    assert.deepEqual(
      letters.map(({ letter, reason }) => [letter, reason]),
      unreadable.map((text) => [text, 'undecodable']),
    )
  })

  test('15: without a common version nothing is lost or hidden: the longest wait, then the next look', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, { versions: [999_999] })
    const courier = await queue.start()
    await enqueueRemote(queue.db, B, told('{}'))
    await eventually(() => courier.tally(B)?.isStuck === true, 'the lane was stuck')
    queue.federator.play(B, {})
    await queue.clock.advance(RETRY_MAX_MS - 1)
    assert.deepEqual(bodies(queue), [])
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.deepEqual(bodies(queue), ['{}'])
  })

  test('16: what was delivered but not acknowledged is delivered again, the same', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const allowAcknowledging = await withoutAcknowledging(queue.db)
    await enqueueRemote(queue.db, B, told('"first"', 'request-1'))
    await enqueueRemote(queue.db, B, told('"second"', 'request-2'))
    const killed = await queue.start()
    await eventually(() => bodies(queue).length > 0, 'the peer had it')
    await killed[Symbol.asyncDispose]()
    await allowAcknowledging()
    await queue.start()
    await allDelivered(queue)
    const seen = queue.federator.notifications(B)
    const firsts = seen.filter(({ body }) => body === '"first"')
    assert.ok(firsts.length > 1)
    for (const request of firsts) assert.deepEqual(request, firsts[0])
    assert.deepEqual([seen[0]?.body, seen.at(-1)?.body], ['"first"', '"second"'])
  })

  test('a notification that a peer fails waits by itself with all about the same, and holds up nothing else', async () => {
    await using queue = await testQueue(databases)
    let isMended = false
    queue.federator.play(B, {
      answer: ({ body }) => (body === '"bad"' && !isMended ? refusedByPeer(500, 'server-error') : DONE),
    })
    const about = (body: string, topic: string) => remoteLetter(B, told(body), topicsOf(topic))
    await enqueue(queue.db, [
      about('"before"', 'one'),
      about('"bad"', 'one'),
      about('"after"', 'one'),
      ...Array.from({ length: 200 }, (_, index) => about(String(index), `other ${index % 7}`)),
    ])
    await queue.start()
    await eventually(() => bodies(queue).filter((body) => !body.startsWith('"')).length === 200, 'the others arrived')
    assert.ok(!bodies(queue).includes('"after"'))
    isMended = true
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'the rest arrived')
    const ofOne = bodies(queue).filter((body) => body.startsWith('"'))
    assert.deepEqual([...new Set(ofOne)], ['"before"', '"bad"', '"after"'])
    assert.equal(ofOne.at(-1), '"after"')
  })

  test('a peer that fails everything is not asked for more than a few dozen at a time, and nothing is lost', async () => {
    await using queue = await testQueue(databases)
    let isMended = false
    queue.federator.play(B, { answer: () => (isMended ? DONE : refusedByPeer(500, 'server-error')) })
    const written = Array.from({ length: 300 }, (_, index) => String(index))
    await enqueue(
      queue.db,
      written.map((body) => remoteLetter(B, told(body), topicsOf(body))),
    )
    const courier = await queue.start()
    await eventually(() => courier.tally(B)?.isStuck === true && bodies(queue).length >= 5, 'it was tried')
    isMended = true
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'all of it arrived')
    assert.deepEqual(new Set(bodies(queue)), new Set(written))
    assert.deepEqual(await queue.deadLetters(), [])
  })

  test('without federation what waits for others waits on', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start({ federator: undefined })
    await enqueueRemote(queue.db, B, told('{}'))
    await eventually(() => courier.tally(B)?.isStuck === true, 'it was tried')
    assert.equal((await queue.waiting()).length, 1)
  })
}
