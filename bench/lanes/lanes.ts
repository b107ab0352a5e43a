/**
 * The queue by itself, on a PostgreSQL that syncs: how fast a lane drains a backlog and what memory that takes, and
 * what fifty remotes, most of which are in trouble, cost those that are well. Peers are played in this process, so
 * that nothing is measured but the queue.
 */
import type { Kysely } from 'kysely'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import { Domain } from '#src/contract/ids.ts'
import { systemClock } from '#src/kit/clock.ts'
import { withDeadline } from '#src/kit/deadline.ts'
import { fake } from '#src/kit/http/fake.ts'
import { nullLog } from '#src/kit/log.ts'
import { systemRandom } from '#src/kit/random.ts'
import { startCourier } from '#src/queue/courier.ts'
import { enqueue, remoteLetter, topicsOf } from '#src/queue/outbox.ts'
import type { OutboxTables } from '#src/queue/outbox-store.ts'
import { galleySchema, told } from '#src/queue/testing.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import { type Database, openDatabase } from '#src/storage/database.ts'
import { startPostgres } from '#test/services/postgres.ts'
import { type Figure, median } from '../figures.ts'

const BACKLOG = 100_000
const BACKLOG_CONVERSATIONS = 1_000
const LIVE = 10
const IN_TROUBLE = 40
/** For some seconds: what forty lanes cost when they begin is the same however long they last. */
const LETTERS_PER_LIVE = 10_000
const LETTERS_PER_TROUBLED = 100
const PAIRS = 5
const ANSWER_MS = 2
const DRAIN_MS = 300_000
const LOOK_MS = 20
const WRITTEN_AT_ONCE = 2_000
const GROWTH_MB_MAX = 32
const BODY = JSON.stringify({ text: 'x'.repeat(400) })

export const measureLanes = async (say: (progress: string) => void): Promise<readonly Figure[]> => {
  await using postgres = await startPostgres({ isDurable: true })
  const url = await postgres.createDatabase('lanes')
  await using database = await openDatabase({ url, dataDirectory: '/nonexistent', log: nullLog })
  const db = await galleySchema(database)

  say(`a backlog of ${BACKLOG} in one lane`)
  await write(db, domainOf('live', 0), BACKLOG)
  const idleMb = residentMb()
  const seenMb: number[] = []
  using watch = every(LOOK_MS, () => void seenMb.push(residentMb()))
  const backlogMs = await drain({ database, db }, ['live'])
  watch[Symbol.dispose]()
  const [firstHalf, secondHalf] = halvesOf(seenMb)

  const pairs: Pair[] = []
  for (let pair = 1; pair <= PAIRS; pair += 1) {
    say(
      `${pair}/${PAIRS}  ${LIVE} remotes that are well, alone and beside ${IN_TROUBLE} that are dead, hang or answer 500`,
    )
    pairs.push(await aloneAndBeside({ database, db }))
  }
  return [
    { name: 'backlog of 100,000, delivered', value: (BACKLOG * 1000) / backlogMs, unit: 'req/s', atLeast: 1_500 },
    { name: 'backlog of 100,000, memory over idle', value: Math.max(firstHalf, secondHalf) - idleMb, unit: 'MB' },
    {
      name: 'backlog of 100,000, growth in the second half',
      value: secondHalf - firstHalf,
      unit: 'MB',
      below: GROWTH_MB_MAX,
    },
    { name: '10 live remotes alone', value: median(pairs.map(({ aloneMs }) => aloneMs)) / 1000, unit: 's' },
    {
      name: '10 live remotes beside 40 in trouble',
      value: median(pairs.map(({ besideMs }) => besideMs)) / 1000,
      unit: 's',
    },
    {
      name: 'what the 40 cost',
      value: median(pairs.map(({ aloneMs, besideMs }) => besideMs / aloneMs)),
      unit: '×',
      below: 1.2,
    },
  ]
}

interface Pair {
  readonly aloneMs: number
  readonly besideMs: number
}

/** One right after the other: a machine that others use too has good and bad minutes. */
const aloneAndBeside = async (queue: Queue): Promise<Pair> => {
  const { db } = queue
  const writeLive = async (): Promise<void> => {
    for (let index = 0; index < LIVE; index += 1) await write(db, domainOf('live', index), LETTERS_PER_LIVE)
  }
  await writeLive()
  const aloneMs = await drain(queue, ['live'])
  for (let index = 0; index < IN_TROUBLE; index += 1) {
    await write(db, domainOf(TROUBLES[index % TROUBLES.length] ?? 'dead', index), LETTERS_PER_TROUBLED)
  }
  await writeLive()
  const besideMs = await drain(queue, ['live'])
  await db.deleteFrom('outbox').execute()
  return { aloneMs, besideMs }
}

const TROUBLES = ['dead', 'hanging', 'failing'] as const
type Health = 'live' | (typeof TROUBLES)[number]

const domainOf = (health: Health, index: number): Domain => Domain.parse(`${health}${index}.example`)

const write = async (db: Kysely<OutboxTables>, domain: Domain, count: number): Promise<void> => {
  for (let start = 0; start < count; start += WRITTEN_AT_ONCE) {
    const letters = Array.from({ length: Math.min(WRITTEN_AT_ONCE, count - start) }, (_, index) =>
      remoteLetter(domain, told(BODY), topicsOf(`${domain} ${(start + index) % BACKLOG_CONVERSATIONS}`)),
    )
    await enqueue(db, letters)
  }
}

interface Queue {
  readonly database: Database
  readonly db: Kysely<OutboxTables>
}

/** Milliseconds until nothing waits for remotes of such health. */
const drain = async ({ database, db }: Queue, healths: readonly Health[]): Promise<number> => {
  const startMs = systemClock.monotonicMs()
  await using _courier = await startCourier({
    outboxes: [{ service: 'galley', db: db as unknown as Kysely<unknown> }],
    database,
    federator: playedPeers,
    locals: { gundeck: fake(gundeckInternal, {}), galley: fake(galleyInternal, {}), brig: fake(brigInternal, {}) },
    ownDomain: Domain.parse('bench.example'),
    knownDomains: async () => [],
    clock: systemClock,
    random: systemRandom,
    log: nullLog,
  })
  const isEmpty = async (): Promise<boolean> => {
    const rows = await db
      .selectFrom('outbox')
      .select('id')
      .where(({ or, eb }) => or(healths.map((health) => eb('lane', 'like', `${health}%`))))
      .limit(1)
      .execute()
    return rows.length === 0
  }
  const drained = async (signal: AbortSignal): Promise<void> => {
    while (!(await isEmpty())) await systemClock.sleep(LOOK_MS, signal)
  }
  await withDeadline(drained, DRAIN_MS, 'draining')
  return systemClock.monotonicMs() - startMs
}

const playedPeers: FederatorTransport = {
  send: async ({ domain, rpc, signal }) => {
    if (domain.startsWith('dead'))
      return answer(521, '{"code":521,"label":"federation-connection-refused","message":""}')
    if (domain.startsWith('hanging')) await systemClock.sleep(DRAIN_MS, signal)
    await systemClock.sleep(ANSWER_MS, signal)
    if (rpc === 'api-version') return answer(200, '{"supported":[0,1],"supported_versions":[0,1,2,3]}')
    return domain.startsWith('failing') ? answer(533, FAILED) : answer(200, '{}')
  },
}

const FAILED =
  '{"code":533,"label":"federation-remote-error","message":"","inner":{"code":500,"label":"server-error","message":""}}'

const answer = (status: number, text: string) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: oneChunk(text),
})

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const residentMb = (): number => process.memoryUsage.rss() / 1e6

/** The most of either half. */
const halvesOf = (values: readonly number[]): readonly [number, number] => {
  const middle = Math.floor(values.length / 2)
  return [Math.max(...values.slice(0, middle)), Math.max(...values.slice(middle))]
}

const every = (ms: number, work: () => void): Disposable => {
  const timer = setInterval(work, ms)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
