/** What is written where its lane is drained, and so need not be read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#src/storage/testing.ts'
import type { Database } from '#src/storage/database.ts'
import { SETTLING_INTERVAL_MS, SWEEP_INTERVAL_MS } from './limits.ts'
import { enqueue, type Letter, remoteLetter, topicsOf } from './outbox.ts'
import {
  allDelivered,
  B,
  bodies,
  DONE,
  type FakeAnswer,
  galleySchema,
  inTime,
  type MakeDatabases,
  refusedByPeer,
  type TestCourier,
  testQueue,
  type TestQueue,
  told,
  writeBeside,
} from './testing.ts'

/** What is sent tells by which way it came. */
export const HANDED = 'handed'
export const READ = 'read'

export interface Sent {
  readonly number: number
  readonly way: typeof HANDED | typeof READ
}

export const letter = (number: number, way: Sent['way'], topics: readonly string[]): Letter =>
  remoteLetter(B, told(JSON.stringify({ number, way })), topicsOf(...topics))

/** Writes one letter as galley does, and says in it which way it went. */
const write = ({ db }: TestQueue, { bell }: TestCourier, number: number, topic = 'topic'): Promise<void> =>
  writeBeside({ db, bell }, [letter(number, READ, [topic])], [letter(number, HANDED, [topic])])

const sentOf = (queue: TestQueue): string[] =>
  bodies(queue).map((body) => {
    const { number, way } = JSON.parse(body) as Sent
    return `${number} ${way}`
  })

const numberOf = (sent: string): number => Number(sent.split(' ')[0])

const isSent = (queue: TestQueue, number: number): boolean => sentOf(queue).map(numberOf).includes(number)

/** Until the lane has seen that nobody else writes. */
const caughtUp = async (queue: TestQueue, courier: TestCourier): Promise<void> => {
  let number = 1_000
  await inTime(
    queue,
    async () => {
      await write(queue, courier, (number += 1))
      await allDelivered(queue)
      return sentOf(queue).at(-1) === `${number} ${HANDED}`
    },
    'something was handed over',
  )
}

export const handingOverTests = (databases: MakeDatabases): void => {
  test('what is written beside the courier that has the lane is not read, once the lane knows all', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const courier = await queue.start()
    await caughtUp(queue, courier)
    const before = bodies(queue).length
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8, 9]) await write(queue, courier, number)
    await allDelivered(queue)
    const sent = sentOf(queue).slice(before)
    assert.deepEqual(sent.map(numberOf), [1, 2, 3, 4, 5, 6, 7, 8, 9])
    // It may hear late of what was written to catch up with it, or of others who write on this server, and look once more.
    await caughtUp(queue, courier)
  })

  test('what somebody else wrote before is read first, also when he was rolled back', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const courier = await queue.start()
    await caughtUp(queue, courier)
    const before = bodies(queue).length
    await enqueue(queue.db, [letter(1, READ, ['topic'])])
    await write(queue, courier, 2)
    await allDelivered(queue)
    const failing = queue.db.transaction().execute(async (tx) => {
      await enqueue(tx, [letter(3, READ, ['topic'])])
      throw new Error('no')
    })
    await assert.rejects(failing, /^Error: no$/)
    await write(queue, courier, 4)
    await allDelivered(queue)
    assert.deepEqual(sentOf(queue).slice(before), ['1 read', '2 read', '4 read'])
    await caughtUp(queue, courier)
  })

  test('nothing is handed over to a lane that is paused, and all of it comes when it goes on', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const courier = await queue.start()
    await caughtUp(queue, courier)
    const before = bodies(queue).length
    await courier.control('pause')
    await queue.clock.advance(SWEEP_INTERVAL_MS)
    for (const number of [1, 2]) await write(queue, courier, number)
    await queue.clock.advance(SWEEP_INTERVAL_MS)
    assert.deepEqual([sentOf(queue).slice(before), (await queue.waiting()).length], [[], 2])
    await courier.control('resume')
    await allDelivered(queue)
    assert.deepEqual(sentOf(queue).slice(before), ['1 read', '2 read'])
  })

  test('nothing overtakes what waits by itself', async () => {
    await using queue = await testQueue(databases)
    let isFailing = false
    const failing: FakeAnswer = refusedByPeer(500, 'server-error')
    queue.federator.play(B, { answer: ({ body }) => (isFailing && body.includes('"number":1,') ? failing : DONE) })
    const courier = await queue.start()
    await caughtUp(queue, courier)
    isFailing = true
    const before = bodies(queue).length
    await write(queue, courier, 1, 'one')
    await eventually(() => isSent(queue, 1), 'it was tried')
    await write(queue, courier, 2, 'one')
    await write(queue, courier, 3, 'another')
    await eventually(() => isSent(queue, 3), 'the other one went')
    isFailing = false
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'all was delivered')
    const sent = sentOf(queue).slice(before)
    assert.deepEqual([numberOf(sent[0] ?? ''), sent.at(-2), sent.at(-1)], [1, '1 read', '2 read'])
  })

  test('a lane that failed reads what it was handed, and what came meanwhile, in their order', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const courier = await queue.start()
    await caughtUp(queue, courier)
    const before = bodies(queue).length
    queue.federator.play(B, 'away')
    await write(queue, courier, 1)
    await eventually(() => courier.tally(B)?.isStuck === true, 'the lane was stuck')
    for (const number of [2, 3]) await write(queue, courier, number)
    const tries = bodies(queue).length
    queue.federator.play(B, {})
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'all was delivered')
    assert.deepEqual(sentOf(queue).slice(-3), ['1 read', '2 read', '3 read'])
    assert.deepEqual([...new Set(sentOf(queue).slice(before, tries).map(numberOf))], [1])
  })

  test('what is handed over to a lane that is stopping is there for the next one', async () => {
    await using queue = await testQueue(databases)
    const answer = Promise.withResolvers<FakeAnswer>()
    queue.federator.play(B, { answer: ({ body }) => (body.includes('"number":1,') ? answer.promise : DONE) })
    const courier = await queue.start()
    await caughtUp(queue, courier)
    await write(queue, courier, 1)
    await eventually(() => isSent(queue, 1), 'the first was sent')
    await write(queue, courier, 2)
    const stopping = courier[Symbol.asyncDispose]()
    await write(queue, courier, 3)
    answer.resolve(DONE)
    await stopping
    await queue.start()
    await allDelivered(queue)
    assert.deepEqual(sentOf(queue).slice(-3).map(numberOf), [1, 2, 3])
    assert.deepEqual(sentOf(queue).slice(-2), ['2 read', '3 read'])
  })
}

/** On a server only: the embedded database does one transaction after the other. */
export const openTransactionTests = (databases: MakeDatabases): void => {
  test('while somebody has begun to write and not ended, nothing is handed over, and he is read first', async () => {
    await using queue = await testQueue(databases)
    await using other = await queue.databases.open()
    const elsewhere = await galleySchema(other)
    queue.federator.play(B, {})
    const told = Promise.withResolvers<void>()
    let isTold = true
    const database = hardOfHearing(queue.database, async () => (isTold ? undefined : told.promise))
    const courier = await queue.start({ database })
    await caughtUp(queue, courier)
    const before = bodies(queue).length
    isTold = false
    const mayCommit = Promise.withResolvers<void>()
    const hasWritten = Promise.withResolvers<void>()
    // A test that fails must not leave it open: closing the database waits for it.
    await using ending = new AsyncDisposableStack()
    ending.defer(() => mayCommit.resolve())
    const writing = elsewhere.transaction().execute(async (tx) => {
      await enqueue(tx, [letter(0, READ, ['topic'])])
      hasWritten.resolve()
      await mayCommit.promise
    })
    await hasWritten.promise
    for (let number = 2; number <= 20; number += 2) {
      // Of the first the database tells now and then, which is not heard here; for the second somebody rings.
      await write(queue, courier, number - 1)
      await write(queue, courier, number)
      await queue.clock.advance(SETTLING_INTERVAL_MS)
      await eventually(() => isSent(queue, number), 'it was sent')
    }
    assert.deepEqual(
      new Set(
        sentOf(queue)
          .slice(before)
          .map((sent) => sent.split(' ')[1]),
      ),
      new Set([READ]),
    )
    mayCommit.resolve()
    await writing
    for (const number of [21, 22]) await write(queue, courier, number)
    await allDelivered(queue)
    assert.deepEqual(sentOf(queue).slice(-3), ['0 read', '21 read', '22 read'])
    told.resolve()
  })
}

/** Hears notes only when it is time. */
export const hardOfHearing = (database: Database, time: () => Promise<void>): Database => ({
  ...database,
  listen: (channel, onPayload) =>
    database.listen(channel, async (payload) => {
      await time()
      onPayload(payload)
    }),
})
