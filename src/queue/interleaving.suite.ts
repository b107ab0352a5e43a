/** Several who write into one lane at the same time, and what must not come of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import { systemClock } from '#src/kit/clock.ts'
import { type Random, seededRandom } from '#src/kit/random.ts'
import { eventually } from '#src/storage/testing.ts'
import { HANDED, hardOfHearing, letter, READ, type Sent } from './handing-over.suite.ts'
import { enqueue, type Letter } from './outbox.ts'
import type { OutboxTables } from './outbox-store.ts'
import {
  allDelivered,
  B,
  DONE,
  type FakeAnswer,
  galleySchema,
  type MakeDatabases,
  refusedByPeer,
  type SeenRequest,
  type TestCourier,
  testQueue,
  type TestQueue,
  writeBeside,
} from './testing.ts'

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
      // What the database tells comes late, so that what keeps the order cannot be that it came in time.
      const database = hardOfHearing(queue.database, () => pause(random, 40))
      const courier = await queue.start({ clock: systemClock, database })
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
