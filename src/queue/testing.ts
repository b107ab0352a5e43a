/** For tests: other backends as our federator shows them, our own parts, and a courier between them on a database. */
import { type Kysely, sql } from 'kysely'
import { NOTIFICATION_BATCH } from '#src/contract/federation/notification-batch.ts'
import { brigInternal } from '#src/contract/internal/brig.ts'
import { courierInternal, type DeadLetter, type LaneAction, type LaneState } from '#src/contract/internal/courier.ts'
import { galleyInternal } from '#src/contract/internal/galley.ts'
import { gundeckInternal } from '#src/contract/internal/gundeck.ts'
import { Domain } from '#src/contract/ids.ts'
import { type TestClock, testClock } from '#src/kit/clock.ts'
import { call } from '#src/kit/http/client.ts'
import { type Fake, fake } from '#src/kit/http/fake.ts'
import { inMemory } from '#src/kit/http/memory.ts'
import { nullLog } from '#src/kit/log.ts'
import { seededRandom } from '#src/kit/random.ts'
import type { FederatorTransport } from '#src/rpc/federator-transport.ts'
import type { Database } from '#src/storage/database.ts'
import { eventually, type TestDatabases, temporaryMigrations } from '#src/storage/testing.ts'
import { type Courier, type CourierNeeds, startCourier } from './courier.ts'
import type { Bundle } from './letters.ts'
import { type Letter, NO_TOPICS, OUTBOX_CHANNEL, outboxMigrations } from './outbox.ts'
import type { OutboxBell } from './outbox-bell.ts'
import type { OutboxTables } from './outbox-store.ts'

export const OWN = Domain.parse('a.example')
export const B = Domain.parse('b.example')
export const C = Domain.parse('c.example')

export interface SeenRequest {
  readonly domain: Domain
  /** `component/rpc`. */
  readonly rpc: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface FakeAnswer {
  readonly status: number
  readonly type?: string
  readonly body: string
}

export interface FakePeer {
  /** `absent`: as a peer that knows of no versions answers. */
  readonly versions?: readonly number[] | 'absent'
  /** Whether it announces so. */
  readonly takesBatches?: boolean
  /** To everything but `api-version`. */
  readonly answer?: (request: SeenRequest, signal: AbortSignal) => FakeAnswer | Promise<FakeAnswer>
}

export interface FakeFederator {
  readonly transport: FederatorTransport
  /** All that was sent, `api-version` included, oldest first. */
  readonly requests: readonly SeenRequest[]
  /** Without `api-version`. */
  notifications(domain?: Domain): readonly SeenRequest[]
  /** How a backend answers from now on; without a script it is away. */
  play(domain: Domain, peer: FakePeer | 'away'): void
}

export const DONE: FakeAnswer = { status: 200, body: '{}' }
export const AWAY: FakeAnswer = {
  status: 521,
  body: '{"code":521,"label":"federation-connection-refused","message":"away"}',
}

/** As our federator reports a refusal of the peer (federation-transport.md §11.3). */
export const refusedByPeer = (code: number, label: string): FakeAnswer => ({
  status: 533,
  body: JSON.stringify({
    code: 533,
    label: 'federation-remote-error',
    message: '',
    inner: { code, label, message: 'no' },
  }),
})

export const fakeFederator = (): FakeFederator => {
  const requests: SeenRequest[] = []
  const peers = new Map<Domain, FakePeer>()
  const answerTo = (seen: SeenRequest, signal: AbortSignal): FakeAnswer | Promise<FakeAnswer> => {
    const peer = peers.get(seen.domain)
    if (!peer) return AWAY
    if (seen.rpc === 'brig/api-version') return versionsAnswer(peer)
    return peer.answer?.(seen, signal) ?? DONE
  }
  return {
    requests,
    notifications: (domain) =>
      requests.filter((seen) => seen.rpc !== 'brig/api-version' && (domain === undefined || seen.domain === domain)),
    play: (domain, peer) => {
      if (peer === 'away') peers.delete(domain)
      else peers.set(domain, peer)
    },
    transport: {
      send: async ({ domain, component, rpc, headers, body, signal = new AbortController().signal }) => {
        const seen = { domain, rpc: `${component}/${rpc}`, headers, body: Buffer.from(body).toString('utf8') }
        requests.push(seen)
        const { status, type = 'application/json', body: text } = await answerTo(seen, signal)
        return { status, headers: { 'content-type': type }, body: oneChunk(text) }
      },
    },
  }
}

const versionsAnswer = ({ versions = [0, 1, 2, 3], takesBatches = false }: FakePeer): FakeAnswer => ({
  status: 200,
  body: JSON.stringify({
    supported: [0, 1],
    ...(versions !== 'absent' && { supported_versions: versions }),
    ...(takesBatches && { comity_extensions: [NOTIFICATION_BATCH] }),
  }),
})

async function* oneChunk(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

/** A notification as galley writes it; `body` is sent as it stands here. */
export const told = (body: string, requestId = 'request-1'): Bundle => ({
  notifications: [{ targetComponent: 'galley', path: 'on-message-sent', body, bodyVersions: { from: 0 }, requestId }],
})

/** In both its forms. */
export const updated = (): Bundle => ({
  notifications: [
    {
      targetComponent: 'galley',
      path: 'on-conversation-updated',
      body: '{"origUserId":1}',
      bodyVersions: { from: 1 },
      requestId: 'request-1',
    },
    {
      targetComponent: 'galley',
      path: 'on-conversation-updated',
      body: '{"cuOrigUserId":1}',
      bodyVersions: { from: 0, until_excl: 1 },
      requestId: 'request-1',
    },
  ],
})

export type MakeDatabases = () => Promise<TestDatabases>

export interface TestQueue extends AsyncDisposable {
  readonly databases: TestDatabases
  readonly database: Database
  /** Galley's schema. */
  readonly db: Kysely<OutboxTables>
  readonly federator: FakeFederator
  readonly gundeck: Fake
  readonly galley: Fake
  readonly clock: TestClock
  /** Starts a courier; it is stopped at the end, if not before. */
  start(changed?: Partial<CourierNeeds>): Promise<TestCourier>
  /** Ids of galley's rows, oldest first. */
  waiting(): Promise<string[]>
  deadLetters(): Promise<{ lane: string; letter: string; reason: string; detail: string }[]>
}

export interface TestCourier extends AsyncDisposable {
  readonly bell: OutboxBell
  tally(lane: string): ReturnType<Courier['tallies']>[number] | undefined
  flush(id: string, service?: string): Promise<unknown>
  control(action: LaneAction, more?: { lane?: string; dryRun?: boolean; letters?: string[] }): Promise<number>
  lanes(): Promise<readonly LaneState[]>
  shown(lane?: string): Promise<readonly DeadLetter[]>
}

/** Gundeck and galley answer that all is well unless told otherwise. */
export const testQueue = async (
  makeDatabases: MakeDatabases,
  parts: { readonly gundeck?: Fake; readonly galley?: Fake } = {},
): Promise<TestQueue> => {
  await using stack = new AsyncDisposableStack()
  const databases = stack.use(await makeDatabases())
  const database = stack.use(await databases.open())
  const db = await galleySchema(database)
  const federator = fakeFederator()
  const clock = testClock()
  const gundeck = parts.gundeck ?? fake(gundeckInternal, { push: async () => ({ outcome: 'done', body: {} }) })
  const galley =
    parts.galley ?? fake(galleyInternal, { 'connect-one2one': async () => ({ outcome: 'aligned', body: {} }) })
  const brig = fake(brigInternal, {})
  const couriers = stack.use(new AsyncDisposableStack())
  const start = async (changed: Partial<CourierNeeds> = {}): Promise<TestCourier> => {
    const courier = await startCourier({
      outboxes: [{ service: 'galley', db: db as unknown as Kysely<unknown> }],
      database,
      federator: federator.transport,
      locals: { gundeck, galley, brig },
      ownDomain: OWN,
      knownDomains: async () => [],
      // Most tests look at what is left, and their clock stands still.
      acknowledgingDelayMs: 0,
      clock,
      random: seededRandom(1),
      log: nullLog,
      ...changed,
    })
    return couriers.use(testCourier(courier))
  }
  const owned = stack.move()
  return {
    databases,
    database,
    db,
    federator,
    gundeck,
    galley,
    clock,
    start,
    waiting: async () => {
      const rows = await db.selectFrom('outbox').select('id').orderBy('id').execute()
      return rows.map(({ id }) => id)
    },
    deadLetters: () =>
      db.selectFrom('dead_letters').select(['lane', 'letter', 'reason', 'detail']).orderBy('id').execute(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A schema of the name that has nothing but the queue. */
export const galleySchema = async (database: Database): Promise<Kysely<OutboxTables>> => {
  await using migrations = await temporaryMigrations('galley', {})
  // Awaited, or the folder would be gone before it is read.
  return await database.schema<OutboxTables>('galley', migrations.folder, outboxMigrations)
}

const testCourier = (courier: Courier): TestCourier => {
  const transport = inMemory(courier.routes)
  let stopping: PromiseLike<void> | undefined
  return {
    bell: courier.bell,
    tally: (lane) => courier.tallies().find((tally) => tally.lane === lane),
    flush: (id, service = 'galley') => call(transport, courierInternal['flush-queue'], { body: { service, id } }),
    control: async (action, { lane = B, ...more } = {}) =>
      (await call(transport, courierInternal['control-lane'], { body: { lane, action, ...more } })).body.letters,
    lanes: async () => (await call(transport, courierInternal['list-lanes'], {})).body.lanes,
    shown: async (lane = B) =>
      (await call(transport, courierInternal['list-dead-letters'], { query: { lane } })).body.letters,
    [Symbol.asyncDispose]: async () => {
      stopping ??= courier[Symbol.asyncDispose]()
      await stopping
    },
  }
}

/** As galley accepts messages: written in one statement, and handed over to the courier beside it. */
export const writeBeside = async (
  { db, bell }: { readonly db: Kysely<OutboxTables>; readonly bell: OutboxBell },
  letters: readonly Letter[],
  handed: readonly Letter[] = letters,
): Promise<void> => {
  const lanes = [...new Set(letters.map(({ lane }) => lane))]
  const here = lanes.filter((lane) => bell.isHere({ service: 'galley', lane }))
  const { rows } = await sql<{ readonly id: string }>`
    with sent as (
      insert into galley.outbox (lane, letter, topics)
      select lane, letter, topics::int[] from unnest(
        ${letters.map(({ lane }) => lane)}::text[], ${letters.map(({ text }) => text)}::text[],
        ${letters.map(({ topics = NO_TOPICS }) => `{${topics.join()}}`)}::text[]
      ) with ordinality as l(lane, letter, topics, number) where pg_current_xact_id() is not null order by number
      returning id, lane
    )
    select id, (
      select count(pg_notify(${OUTBOX_CHANNEL}, 'galley ' || lane)) from (
        select distinct lane from sent where lane <> all(${here}::text[])
      ) lanes
    ) from sent order by id`.execute(db)
  const ids = rows.map(({ id }) => Number(id))
  bell.handOver({ service: 'galley', first: ids[0] ?? 0, last: ids.at(-1) ?? 0, letters: handed, here })
}

/** Rows cannot be deleted until the result is called: what was sent is not acknowledged. */
export const withoutAcknowledging = async (db: Kysely<OutboxTables>): Promise<() => Promise<void>> => {
  await sql`
    create function galley.refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$`.execute(
    db,
  )
  await sql`create trigger refuse before delete on galley.outbox execute function galley.refuse()`.execute(db)
  return async () => {
    await sql`drop trigger refuse on galley.outbox`.execute(db)
  }
}

export const allDelivered = (queue: TestQueue): Promise<void> =>
  eventually(async () => (await queue.waiting()).length === 0, 'the outbox was empty')

/** Time passes, a little at a time, until it has come about. */
export const inTime = (queue: TestQueue, isSo: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  eventually(async () => {
    await queue.clock.advance(STEP_MS)
    return isSo()
  }, what)

const STEP_MS = 100

export const bodies = (queue: TestQueue, domain = B): string[] =>
  queue.federator.notifications(domain).map(({ body }) => body)
