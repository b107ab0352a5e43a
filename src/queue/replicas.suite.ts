/** Several couriers on one database, which only a server allows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { eventually } from '#src/storage/testing.ts'
import { LOCK_RETRY_MS, SWEEP_INTERVAL_MS } from './limits.ts'
import { enqueue, enqueueRemote, remoteLetter } from './outbox.ts'
import { allDelivered, B, bodies, C, DONE, inTime, type MakeDatabases, testQueue, told } from './testing.ts'

export const replicaTests = (databases: MakeDatabases): void => {
  test('of several couriers one has a lane: each row is sent once, in order', async () => {
    await using queue = await testQueue(databases)
    await using other = await queue.databases.open()
    queue.federator.play(B, {})
    queue.federator.play(C, {})
    await queue.start()
    await queue.start({ database: other })
    const written = Array.from({ length: 100 }, (_, index) => String(index))
    for (const body of written)
      await enqueue(
        queue.db,
        [B, C].map((domain) => remoteLetter(domain, told(body))),
      )
    await allDelivered(queue)
    assert.deepEqual(bodies(queue, B), written)
    assert.deepEqual(bodies(queue, C), written)
  })

  test('when the courier that has a lane is gone, another one takes over', async () => {
    await using queue = await testQueue(databases)
    const other = await queue.databases.open()
    let isWell = false
    queue.federator.play(B, { answer: () => (isWell ? DONE : { status: 500, body: '' }) })
    const first = await queue.start({ database: other })
    await enqueueRemote(queue.db, B, told('{}'))
    await eventually(() => first.tally(B)?.isStuck === true, 'the first one has the lane')
    const second = await queue.start()
    await queue.clock.advance(LOCK_RETRY_MS)
    assert.equal(second.tally(B), undefined)
    await first[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    isWell = true
    await inTime(queue, () => second.tally(B)?.pushed === 1, 'the second one delivered')
    // Not only because a sweep found it.
    assert.ok(queue.clock.monotonicMs() < SWEEP_INTERVAL_MS)
    assert.deepEqual(await queue.waiting(), [])
  })

  test('a courier whose session dies stops with its lanes, and goes on when it has them again', async () => {
    await using queue = await testQueue(databases)
    const cutOff = Promise.withResolvers<unknown>()
    let isWell = false
    queue.federator.play(B, {
      answer: (_request, signal) =>
        isWell
          ? DONE
          : new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                cutOff.resolve(signal.reason)
                reject(new Error('cut off'))
              })
            }),
    })
    await queue.start()
    await enqueueRemote(queue.db, B, told('{}'))
    await eventually(() => bodies(queue).length === 1, 'it was being sent')
    isWell = true
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'comity session'`.execute(queue.db)
    assert.match(String(await cutOff.promise), /session with PostgreSQL/)
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.equal(bodies(queue).length, 2)
  })
}
