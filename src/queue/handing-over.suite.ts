/** What is written where its lane is drained, and so need not be read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import { systemClock } from '#src/kit/clock.ts'
import { type Random, seededRandom } from '#src/kit/random.ts'
import { eventually } from '#src/storage/testing.ts'
import { SWEEP_INTERVAL_MS } from './limits.ts'
import { enqueue, type Letter, remoteLetter, topicsOf } from './outbox.ts'
import type { OutboxTables } from './outbox-store.ts'
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
  type SeenRequest,
  type TestCourier,
  testQueue,
  type TestQueue,
  told,
  writeBeside,
} from './testing.ts'

/** What is sent tells by which way it came. */
const HANDED = 'handed'
const READ = 'read'

interface Sent {
  readonly number: number
  readonly way: typeof HANDED | typeof READ
}

const letter = (number: number, way: Sent['way'], topics: readonly string[]): Letter =>
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
    // The lane may hear late of what was written to catch up with it, and look once more.
    assert.ok(sent.filter((each) => each.endsWith(HANDED)).length >= 5, sent.join())
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

/**
 * What waits by itself holds up what is about the same, but not yet what is about the same as that; so letters that fail
 * are about one thing each.
 */
const MIXTURES = [
  { seed: 1, topicsEach: 2, failing: 0 },
  { seed: 2, topicsEach: 2, failing: 0 },
  { seed: 3, topicsEach: 1, failing: 0.02 },
  { seed: 4, topicsEach: 1, failing: 0.02 },
]
const ROUNDS = 5
const STEPS = 12

/**
 * Somebody writes beside the courier, and somebody else from elsewhere, whose transactions stay open for a while and are
 * often rolled back; the peer is slow and fails now and then. Whatever was committed before something else about the same
 * was begun must arrive before it. The embedded database has room for `one` connection.
 */
export const interleavingTests = (databases: MakeDatabases, connections: 'one' | 'two'): void => {
  for (const { seed, topicsEach, failing } of MIXTURES) {
    test(`no letter overtakes an older one about the same, whoever writes (seed ${seed})`, async () => {
      await using queue = await testQueue(databases)
      const random = seededRandom(seed)
      const peer = unsteadyPeer(random, failing)
      queue.federator.play(B, peer.script)
      const courier = await queue.start({ clock: systemClock })
      const log = createLog()
      await using other = connections === 'two' ? await queue.databases.open() : undefined
      const elsewhere = other ? await galleySchema(other) : queue.db
      const scene = { courier, peer, random, log, topicsEach }
      for (let round = 0; round < ROUNDS; round += 1) {
        await Promise.all([writeHere(queue.db, scene), writeThere(elsewhere, scene)])
        await untilHanded(queue, scene)
      }
      await allDelivered(queue)
      const committed = log.written.filter(({ endedAt }) => endedAt !== undefined)
      assert.deepEqual(
        [...new Set(peer.taken)].toSorted((one, another) => one - another),
        committed.map(({ number }) => number).toSorted((one, another) => one - another),
      )
      assert.deepEqual(overtakings(committed, peer.taken), [])
      assert.ok([...peer.ways.values()].includes(READ))
    })
  }
}

interface Writing {
  readonly number: number
  readonly topics: readonly string[]
  readonly beganAt: number
  /** Undefined when it was rolled back. */
  endedAt?: number
}

const createLog = () => {
  const written: Writing[] = []
  let at = 0
  return {
    written,
    begin: (topics: readonly (readonly string[])[]): Writing[] => {
      const beganAt = (at += 1)
      const begun = topics.map((own, index) => ({ number: written.length + index, topics: own, beganAt }))
      written.push(...begun)
      return begun
    },
    end: (begun: readonly Writing[]): void => {
      const endedAt = (at += 1)
      for (const each of begun) each.endedAt = endedAt
    },
  }
}

const overtakings = (written: readonly Writing[], taken: readonly number[]): string[] => {
  const place = new Map(taken.toReversed().map((number, index) => [number, taken.length - index]))
  return written.flatMap((one) =>
    written
      .filter((later) => isAfter(later, one) && later.topics.some((topic) => one.topics.includes(topic)))
      .filter((later) => (place.get(later.number) ?? 0) < (place.get(one.number) ?? 0))
      .map((later) => `${later.number} before ${one.number}`),
  )
}

const isAfter = (later: Writing, one: Writing): boolean =>
  later.beganAt === one.beganAt ? later.number > one.number : later.beganAt > (one.endedAt ?? Number.POSITIVE_INFINITY)

interface Scene {
  readonly courier: TestCourier
  readonly peer: ReturnType<typeof unsteadyPeer>
  readonly random: Random
  readonly log: ReturnType<typeof createLog>
  readonly topicsEach: number
}

const writeHere = async (db: Kysely<OutboxTables>, scene: Scene): Promise<void> => {
  for (let step = 0; step < STEPS; step += 1) {
    await writeOnce(db, scene)
    await pause(scene.random, 4)
  }
}

/** Returns what was written last. */
const writeOnce = async (db: Kysely<OutboxTables>, scene: Scene): Promise<number> => {
  const { courier, log } = scene
  const begun = log.begin(someTopics(scene))
  const as = (way: Sent['way']): Letter[] => begun.map(({ number, topics }) => letter(number, way, topics))
  await writeBeside({ db, bell: courier.bell }, as(READ), as(HANDED))
  log.end(begun)
  return begun.at(-1)?.number ?? 0
}

/** Nobody else writes, so after some time the lane knows all. */
const untilHanded = async (queue: TestQueue, scene: Scene): Promise<void> =>
  eventually(async () => {
    const number = await writeOnce(queue.db, scene)
    await allDelivered(queue)
    return scene.peer.ways.get(number) === HANDED
  }, 'something was handed over')

const writeThere = async (db: Kysely<OutboxTables>, scene: Scene): Promise<void> => {
  const { random, log } = scene
  for (let step = 0; step < STEPS / 2; step += 1) {
    const begun = log.begin(someTopics(scene))
    const isGivenUp = random.unit() < 0.4
    const writing = db.transaction().execute(async (tx) => {
      await enqueue(
        tx,
        begun.map(({ number, topics }) => letter(number, READ, topics)),
      )
      await pause(random, 10)
      if (isGivenUp) throw new Error('given up')
    })
    if (isGivenUp) await assert.rejects(writing, /given up/)
    else {
      await writing
      log.end(begun)
    }
    await pause(random, 10)
  }
}

const someTopics = ({ random, topicsEach }: Scene): string[][] =>
  Array.from({ length: 1 + Math.floor(random.unit() * 3) }, () =>
    Array.from({ length: topicsEach }, () => some(random, 4)),
  )

const some = (random: Random, count: number): string => String(Math.floor(random.unit() * count))

const pause = (random: Random, msMax: number): Promise<void> => systemClock.sleep(random.unit() * msMax)

/** Takes batches, late; fails some of them, and some notifications by themselves. */
const unsteadyPeer = (random: Random, failing: number) => {
  const taken: number[] = []
  const ways = new Map<number, Sent['way']>()
  const take = ({ number, way }: Sent): boolean => {
    if (random.unit() < failing) return false
    taken.push(number)
    ways.set(number, way)
    return true
  }
  const answer = async ({ rpc, body }: SeenRequest): Promise<FakeAnswer> => {
    await pause(random, 6)
    if (random.unit() < 0.03) return { status: 500, body: '' }
    if (rpc !== 'galley/on-notifications') {
      return take(JSON.parse(body) as Sent) ? DONE : refusedByPeer(500, 'server-error')
    }
    const { notifications } = JSON.parse(body) as { notifications: { body: Sent }[] }
    let isStopped = false
    const results = notifications.map((each) => {
      if (isStopped) return { outcome: 'untried' }
      isStopped = !take(each.body)
      return isStopped ? { outcome: 'refused', code: 500, label: 'server-error', message: 'no' } : { outcome: 'taken' }
    })
    return { status: 200, body: JSON.stringify({ results }) }
  }
  return { taken, ways, script: { takesBatches: true, answer } }
}
