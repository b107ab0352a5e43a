/** How lanes run beside each other, wake and end. Numbers are those of backend-notifications.md §15. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { eventually } from '#src/storage/testing.ts'
import {
  HEARD_INTERVAL_MS,
  LANE_IDLE_MS,
  RETRY_MAX_MS,
  STOP_TIMEOUT_MS,
  SWEEP_INTERVAL_MS,
  TELLING_INTERVAL_MS,
} from './limits.ts'
import { enqueue, enqueueRemote, remoteLetter, topicsOf } from './outbox.ts'
import {
  allDelivered,
  B,
  bodies,
  C,
  DONE,
  inTime,
  type MakeDatabases,
  OWN,
  testQueue,
  type TestQueue,
  told,
} from './testing.ts'

export const laneTests = (databases: MakeDatabases): void => {
  test('letters about different things overtake each other, those about the same never do', async () => {
    await using queue = await testQueue(databases)
    const slow = Promise.withResolvers<void>()
    queue.federator.play(B, {
      answer: async ({ body }) => {
        if (body === '"slow"') await slow.promise
        return DONE
      },
    })
    const about = (body: string, ...topics: readonly string[]) => remoteLetter(B, told(body), topicsOf(...topics))
    await enqueue(queue.db, [
      about('"slow"', 'one', 'alice'),
      about('1', 'two', 'bob'),
      about('2', 'one', 'carla'),
      about('3', 'three', 'alice'),
      about('4', 'three', 'bob'),
      about('5', 'two', 'dave'),
    ])
    await queue.start()
    await eventually(() => bodies(queue).includes('5'), 'what may overtake did')
    assert.deepEqual(bodies(queue), ['"slow"', '1', '5'])
    slow.resolve()
    await allDelivered(queue)
    assert.deepEqual(bodies(queue).slice(0, 3), ['"slow"', '1', '5'])
    assert.deepEqual(bodies(queue).slice(3).toSorted(), ['2', '3', '4'])
    assert.ok(bodies(queue).indexOf('3') < bodies(queue).indexOf('4'))
  })

  test('11: what is written while the peer is away comes in order, each once, when it is back', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start()
    await enqueueRemote(queue.db, B, told('1'))
    await eventually(() => courier.tally(B)?.isStuck === true, 'the lane was stuck')
    await enqueueRemote(queue.db, B, told('2'))
    await enqueueRemote(queue.db, B, told('3'))
    queue.federator.play(B, {})
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'all was delivered')
    assert.deepEqual(bodies(queue), ['1', '2', '3'])
  })

  test('DEL-011: what waits for a backend that is away for an hour is all there when it is back', async () => {
    await using queue = await testQueue(databases)
    const courier = await queue.start()
    for (const body of ['"left"', '"deleted"']) await enqueueRemote(queue.db, B, told(body))
    await eventually(() => courier.tally(B)?.isStuck === true, 'the lane was stuck')
    await queue.clock.advance(60 * 60 * 1_000)
    assert.equal((await queue.waiting()).length, 2)
    queue.federator.play(B, {})
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'all was delivered')
    assert.deepEqual([bodies(queue), await queue.deadLetters()], [['"left"', '"deleted"'], []])
  })

  test('17: a peer that is away, and one that never answers, hold up nobody else', async () => {
    await using queue = await testQueue(databases)
    const silent = Promise.withResolvers<typeof DONE>()
    queue.federator.play(C, { answer: () => silent.promise })
    await queue.start()
    await enqueueRemote(queue.db, C, told('{}'))
    const away = Array.from({ length: 50 }, (_, index) => ({
      lane: `away${index}.example`,
      text: JSON.stringify(told('{}')),
    }))
    await enqueue(queue.db, away)
    await eventually(() => queue.federator.notifications(C).length === 1, 'the silent one was asked')
    queue.federator.play(B, {})
    await enqueue(
      queue.db,
      ['1', '2', '3'].map((body) => remoteLetter(B, told(body))),
    )
    await eventually(() => bodies(queue).length === 3, 'the healthy one had all')
    silent.resolve(DONE)
  })

  test('12: a lane that names no backend harms nobody', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await enqueue(
      queue.db,
      ['single-label', '@nobody', 'with space.example', ''].map((lane) => ({ lane, text: '{}' })),
    )
    await enqueueRemote(queue.db, B, told('{}'))
    await queue.start()
    await eventually(() => bodies(queue).length === 1, 'it was delivered')
    await eventually(async () => (await queue.waiting()).length === 4, 'only the others were left')
  })

  test('13: when an outbox cannot be looked at, it is looked at again', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await enqueueRemote(queue.db, B, told('{}'))
    await sql`alter table galley.outbox rename to away`.execute(queue.db)
    await queue.start()
    await sql`alter table galley.away rename to outbox`.execute(queue.db)
    await queue.clock.advance(SWEEP_INTERVAL_MS)
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['{}'])
  })

  test('14: all lanes are found, however many there are', async () => {
    await using queue = await testQueue(databases)
    const lanes = Array.from({ length: 150 }, (_, index) => `d${index}.example`)
    await enqueue(
      queue.db,
      lanes.map((lane) => ({ lane, text: JSON.stringify(told('{}')) })),
    )
    await queue.start()
    await eventually(() => new Set(queue.federator.requests.map(({ domain }) => domain)).size === 150, 'all were tried')
  })

  test('who writes beside the courier that has a lane rings there, and others hear of the lane now and then', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const { bell } = await queue.start()
    const lane = { service: 'galley', lane: B }
    assert.equal(bell.isHere(lane), false)
    await enqueueRemote(queue.db, B, told('1'))
    await allDelivered(queue)
    assert.deepEqual([bell.isHere(lane), bell.isHere(lane), bell.isHere(lane)], [false, true, true])
    await sql`insert into galley.outbox (lane, letter) values (${B}, ${JSON.stringify(told('2'))})`.execute(queue.db)
    bell.ring(lane)
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['1', '2'])
    await queue.clock.advance(TELLING_INTERVAL_MS)
    assert.deepEqual([bell.isHere(lane), bell.isHere(lane)], [false, true])
  })

  test('what is rung for a lane that is no longer here is told through the database', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    const { bell } = await queue.start()
    await sql`insert into galley.outbox (lane, letter) values (${B}, ${JSON.stringify(told('1'))})`.execute(queue.db)
    bell.ring({ service: 'galley', lane: B })
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['1'])
  })

  test('a lane that was idle for long takes up what is written then', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    await queue.start()
    await enqueueRemote(queue.db, B, told('1'))
    await allDelivered(queue)
    await queue.clock.advance(LANE_IDLE_MS)
    await enqueueRemote(queue.db, B, told('2'))
    await allDelivered(queue)
    assert.deepEqual(bodies(queue), ['1', '2'])
  })
}

export const wakingTests = (databases: MakeDatabases): void => {
  test('a peer that was heard from is tried at once', async () => {
    await using queue = await testQueue(databases)
    await patientLane(queue)
    queue.federator.play(B, {})
    await queue.database.notify('peer-heard', C)
    await queue.clock.advance(HEARD_INTERVAL_MS)
    assert.deepEqual(bodies(queue), [])
    await queue.database.notify('peer-heard', B)
    await inTime(queue, async () => (await queue.waiting()).length === 0, 'it was delivered')
    assert.ok(queue.clock.monotonicMs() < RETRY_MAX_MS / 2)
  })

  test('new rows do not make a dead peer be tried more often', async () => {
    await using queue = await testQueue(databases)
    await patientLane(queue)
    const before = queue.federator.requests.length
    for (const body of ['2', '3', '4']) await enqueueRemote(queue.db, B, told(body))
    await queue.clock.advance(RETRY_MAX_MS / 4)
    assert.equal(queue.federator.requests.length, before)
  })

  test('a peer that talks all the time but cannot be reached is tried once a second', async () => {
    await using queue = await testQueue(databases)
    await patientLane(queue)
    const before = queue.federator.requests.length
    for (let note = 0; note < 20; note += 1) {
      await queue.database.notify('peer-heard', B)
      await queue.clock.advance(HEARD_INTERVAL_MS / 20)
    }
    await eventually(() => queue.federator.requests.length > before, 'it was tried')
    assert.ok(queue.federator.requests.length - before <= 2)
  })

  test('after a start all known peers hear from us once, also those for whom nothing waits, but not ourselves', async () => {
    await using queue = await testQueue(databases)
    queue.federator.play(B, {})
    queue.federator.play(C, {})
    await enqueueRemote(queue.db, B, told('{}'))
    await queue.start({ knownDomains: async () => [OWN, B, C] })
    await eventually(() => queue.federator.requests.length === 3, 'both have heard from us')
    await allDelivered(queue)
    const seen = queue.federator.requests.map(({ domain, rpc }) => `${domain} ${rpc}`)
    assert.deepEqual(seen.toSorted(), [
      'b.example brig/api-version',
      'b.example galley/on-message-sent',
      'c.example brig/api-version',
    ])
  })

  test('greeting is tried again while peers are not known or not reachable', async () => {
    await using queue = await testQueue(databases)
    let asked = 0
    const knownDomains = async () => {
      asked += 1
      if (asked === 1) throw new Error('brig is still starting')
      return [C]
    }
    await queue.start({ knownDomains })
    await inTime(queue, () => queue.federator.requests.length === 1, 'it was tried')
    queue.federator.play(C, {})
    await inTime(queue, () => queue.federator.requests.length === 2, 'it was tried again')
  })
}

/** A lane that has failed often enough to wait for as long as it ever does. */
const patientLane = async (queue: TestQueue): Promise<void> => {
  queue.federator.play(B, { versions: [999_999] })
  await enqueueRemote(queue.db, B, told('1'))
  const courier = await queue.start()
  await eventually(() => courier.tally(B)?.isStuck === true, 'the lane was stuck')
}

export const endingTests = (databases: MakeDatabases): void => {
  test('stopping waits for the attempt in progress, acknowledges it, and begins no other', async () => {
    await using queue = await testQueue(databases)
    const answer = Promise.withResolvers<typeof DONE>()
    queue.federator.play(B, { answer: () => answer.promise })
    await enqueueRemote(queue.db, B, told('1'))
    const second = await enqueueRemote(queue.db, B, told('2'))
    const courier = await queue.start()
    await eventually(() => bodies(queue).length === 1, 'the first was sent')
    const stopping = courier[Symbol.asyncDispose]()
    answer.resolve(DONE)
    await stopping
    assert.deepEqual(bodies(queue), ['1'])
    assert.deepEqual(await queue.waiting(), [second])
  })

  test('stopping does not wait for ever for a peer that never answers', async () => {
    await using queue = await testQueue(databases)
    const cutOff = Promise.withResolvers<unknown>()
    queue.federator.play(B, {
      answer: (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            cutOff.resolve(signal.reason)
            reject(new Error('cut off'))
          })
        }),
    })
    const id = await enqueueRemote(queue.db, B, told('1'))
    const courier = await queue.start()
    await eventually(() => bodies(queue).length === 1, 'it was sent')
    const stopping = courier[Symbol.asyncDispose]()
    await queue.clock.advance(STOP_TIMEOUT_MS)
    assert.match(String(await cutOff.promise), /stopping took too long/)
    await stopping
    // That we gave up waiting says nothing about the peer.
    assert.equal(courier.tally(B), undefined)
    assert.deepEqual(await queue.waiting(), [id])
    assert.deepEqual(await queue.deadLetters(), [])
  })
}
