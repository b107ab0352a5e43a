/** Letters that travel together, to a peer that has announced that it takes them so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchResult } from '#src/contract/federation/notification-batch.ts'
import { BATCH_LETTERS_MAX } from './limits.ts'
import { enqueue, remoteLetter, topicsOf } from './outbox.ts'
import {
  allDelivered,
  B,
  DONE,
  type FakeAnswer,
  inTime,
  type MakeDatabases,
  refusedByPeer,
  testQueue,
  told,
} from './testing.ts'

const TAKEN: BatchResult = { outcome: 'taken' }
const UNTRIED: BatchResult = { outcome: 'untried' }
const refused = (code: number, label: string): BatchResult => ({ outcome: 'refused', code, label, message: 'no' })

const letters = (numbers: readonly number[], topicOf: (number: number) => string = String) =>
  numbers.map((number) => remoteLetter(B, told(JSON.stringify({ number })), topicsOf(topicOf(number))))

const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number)

/** A peer that takes batches and remembers what it took, in its order; `judge` may find something wrong with one. */
const peerTaking = (judge: (number: number) => BatchResult = () => TAKEN) => {
  const taken: number[] = []
  const sizes: number[] = []
  const takeAll = (numbers: readonly number[]): BatchResult[] => {
    let isStopped = false
    return numbers.map((number) => {
      if (isStopped) return UNTRIED
      const result = judge(number)
      if (result.outcome === 'taken') taken.push(number)
      isStopped = result.outcome === 'refused' && result.code !== 400
      return result
    })
  }
  const answer = ({ rpc, body }: { readonly rpc: string; readonly body: string }): FakeAnswer => {
    if (rpc !== 'galley/on-notifications') {
      const [result] = takeAll([JSON.parse(body).number])
      return result?.outcome === 'refused' ? refusedByPeer(result.code, result.label) : DONE
    }
    const { notifications } = JSON.parse(body) as { notifications: { path: string; body: { number: number } }[] }
    assert.ok(notifications.every(({ path }) => path === 'on-message-sent'))
    sizes.push(notifications.length)
    const results = takeAll(notifications.map((each) => each.body.number))
    return { status: 200, body: JSON.stringify({ results }) }
  }
  return { taken, sizes, script: { takesBatches: true, answer } }
}

export const batchTests = (databases: MakeDatabases): void => {
  test('a backlog goes out in few requests, each in order and none larger than it may be', async () => {
    await using queue = await testQueue(databases)
    const peer = peerTaking()
    queue.federator.play(B, peer.script)
    await enqueue(
      queue.db,
      letters(upTo(500), (number) => String(number % 7)),
    )
    await queue.start()
    await allDelivered(queue)
    assert.equal(peer.taken.length, 500)
    for (const topic of upTo(7)) {
      const ofTopic = peer.taken.filter((number) => number % 7 === topic)
      assert.deepEqual(
        ofTopic,
        ofTopic.toSorted((one, other) => one - other),
      )
    }
    assert.ok(Math.max(...peer.sizes) <= BATCH_LETTERS_MAX)
    const requests = queue.federator.notifications(B).length
    // Before the peer has said what it takes they go one by one.
    assert.ok(requests < 60, `${requests} requests`)
  })

  test('one poisonous among fifty is kept as a dead letter, and the others arrive', async () => {
    await using queue = await testQueue(databases)
    const peer = peerTaking((number) => (number === 25 ? refused(400, 'bad-request') : TAKEN))
    queue.federator.play(B, peer.script)
    await enqueue(
      queue.db,
      letters(upTo(50), () => 'all about the same'),
    )
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(peer.taken, upTo(50).toSpliced(25, 1))
    const [dead, ...more] = await queue.deadLetters()
    assert.deepEqual([dead?.reason, dead?.detail, more], ['bad-request', 'no', []])
  })

  test('what fails for now holds up what is about the same and nothing else, and nothing is overtaken', async () => {
    await using queue = await testQueue(databases)
    let isFailing = true
    const peer = peerTaking((number) => (number === 10 && isFailing ? refused(500, 'server-error') : TAKEN))
    queue.federator.play(B, peer.script)
    await enqueue(
      queue.db,
      letters(upTo(60), (number) => String(number % 3)),
    )
    const courier = await queue.start()
    await inTime(queue, () => peer.taken.length === 43, 'all others arrived')
    const held = upTo(60).filter((number) => number % 3 === 1 && number >= 10)
    assert.deepEqual(
      held.filter((number) => peer.taken.includes(number)),
      [],
    )
    isFailing = false
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'everything was delivered')
    assert.deepEqual(
      peer.taken.toSorted((one, other) => one - other),
      upTo(60),
    )
    assert.deepEqual(
      peer.taken.filter((number) => number % 3 === 1),
      upTo(60).filter((number) => number % 3 === 1),
    )
    assert.equal(courier.tally(B)?.buried, 0)
  })

  test('what was left untried goes before what came after it, however much waits', async () => {
    await using queue = await testQueue(databases)
    let failures = 3
    const peer = peerTaking((number) =>
      number % 3 === 1 && number > 10 && (failures -= 1) >= 0 ? refused(500, 'server-error') : TAKEN,
    )
    queue.federator.play(B, peer.script)
    await enqueue(
      queue.db,
      letters(upTo(3 * BATCH_LETTERS_MAX), (number) => String(number % 3)),
    )
    await queue.start()
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'everything was delivered')
    for (const topic of upTo(3)) {
      const ofTopic = peer.taken.filter((number) => number % 3 === topic)
      assert.deepEqual(
        ofTopic,
        upTo(3 * BATCH_LETTERS_MAX).filter((number) => number % 3 === topic),
      )
    }
  })

  test('a peer that refuses batches after all gets letters one by one', async () => {
    for (const answer of [
      refusedByPeer(404, 'no-endpoint'),
      refusedByPeer(400, 'bad-request'),
      refusedByPeer(500, 'server-error'),
    ]) {
      await using queue = await testQueue(databases)
      const peer = peerTaking()
      const single = peer.script.answer
      queue.federator.play(B, {
        takesBatches: true,
        answer: (request) => (request.rpc === 'galley/on-notifications' ? answer : single(request)),
      })
      await enqueue(
        queue.db,
        letters(upTo(100), () => 'all about the same'),
      )
      await queue.start()
      await allDelivered(queue)
      assert.deepEqual(peer.taken, upTo(100))
      assert.deepEqual(await queue.deadLetters(), [])
    }
  })

  test('an answer that does not fit the request is no answer', async () => {
    await using queue = await testQueue(databases)
    const peer = peerTaking()
    const answers = [
      { status: 200, body: '{"results":[{"outcome":"taken"}]}' },
      { status: 200, body: '{}' },
    ]
    queue.federator.play(B, {
      takesBatches: true,
      answer: (request) =>
        (request.rpc === 'galley/on-notifications' ? answers.shift() : undefined) ?? peer.script.answer(request),
    })
    await enqueue(
      queue.db,
      letters(upTo(40), () => 'all about the same'),
    )
    await queue.start()
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'everything was delivered')
    assert.deepEqual([answers, peer.taken], [[], upTo(40)])
    assert.deepEqual(await queue.deadLetters(), [])
  })
}
