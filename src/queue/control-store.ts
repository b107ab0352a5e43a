/** What an operator does with lanes: SQL on a service's outbox and on what was given up. */
import { type Kysely, sql } from 'kysely'
import { CONTROLLED_ROWS_AT_ONCE } from './limits.ts'
import { OUTBOX_CHANNEL } from './outbox.ts'
import type { OutboxTables } from './outbox-store.ts'

export interface StoredLane {
  readonly lane: string
  readonly waiting: number
  readonly oldest: Date | null
  readonly dead: number
  readonly isPaused: boolean
}

export interface StoredDeadLetter {
  readonly id: string
  readonly lane: string
  readonly letter: string
  readonly reason: string
  readonly detail: string
  readonly request: string
  readonly answer: string
  readonly enqueued_at: Date
  readonly buried_at: Date
}

export interface ControlStore {
  lanes(): Promise<StoredLane[]>
  countWaiting(lane: string): Promise<number>
  countDead(lane: string, ids?: readonly string[]): Promise<number>
  deadLetters(lane: string, size: number): Promise<StoredDeadLetter[]>
  pause(lane: string): Promise<void>
  resume(lane: string): Promise<void>
  /** Puts all that waits now aside; how many rows that were. */
  drain(lane: string): Promise<number>
  /** Lets dead letters wait again, in the places that they had; how many that were. */
  replay(lane: string, ids?: readonly string[]): Promise<number>
}

export const controlStore = <DB>(service: Kysely<DB>): ControlStore => {
  // Every schema that includes our migrations has these tables, whatever else it has.
  const db = service as unknown as Kysely<OutboxTables>
  return {
    lanes: () => lanes(db),
    countWaiting: (lane) => count(db, 'outbox', lane),
    countDead: (lane, ids) => count(db, 'dead_letters', lane, ids),
    deadLetters: (lane, size) =>
      db.selectFrom('dead_letters').selectAll().where('lane', '=', lane).orderBy('id').limit(size).execute(),
    pause: async (lane) => {
      await db
        .insertInto('paused_lanes')
        .values({ lane })
        .onConflict((conflict) => conflict.column('lane').doUpdateSet({ lane }))
        // A lane that is handed what it sends would not look whether it may.
        .returning(tellOf('paused_lanes'))
        .execute()
    },
    resume: async (lane) => {
      await db.deleteFrom('paused_lanes').where('lane', '=', lane).execute()
    },
    drain: (lane) => inParts(() => drainSome(db, lane)),
    replay: (lane, ids) => inParts(() => replaySome(db, lane, ids)),
  }
}

const lanes = async (db: Kysely<OutboxTables>): Promise<StoredLane[]> => {
  const waiting = await db
    .selectFrom('outbox')
    .select(['lane', ({ fn }) => fn.countAll().as('rows'), ({ fn }) => fn.min('enqueued_at').as('oldest')])
    .groupBy('lane')
    .execute()
  const dead = await db
    .selectFrom('dead_letters')
    .select(['lane', ({ fn }) => fn.countAll().as('rows')])
    .groupBy('lane')
    .execute()
  const paused = await db.selectFrom('paused_lanes').select('lane').execute()
  const names = new Set([...waiting, ...dead, ...paused].map(({ lane }) => lane))
  return [...names].toSorted().map((lane) => {
    const ofLane = waiting.find((row) => row.lane === lane)
    return {
      lane,
      waiting: Number(ofLane?.rows ?? 0),
      oldest: ofLane?.oldest ?? null,
      dead: Number(dead.find((row) => row.lane === lane)?.rows ?? 0),
      isPaused: paused.some((row) => row.lane === lane),
    }
  })
}

const count = async (
  db: Kysely<OutboxTables>,
  table: 'outbox' | 'dead_letters',
  lane: string,
  ids?: readonly string[],
): Promise<number> => {
  const { rows } = await db
    .selectFrom(table)
    .select(({ fn }) => fn.countAll().as('rows'))
    .where('lane', '=', lane)
    .where(ids ? sql<boolean>`id = any(${ids}::bigint[])` : sql<boolean>`true`)
    .executeTakeFirstOrThrow()
  return Number(rows)
}

/** Neither locks nor memory for more rows than a few. */
const inParts = async (some: () => Promise<number>): Promise<number> => {
  let all = 0
  for (;;) {
    const moved = await some()
    all += moved
    if (moved < CONTROLLED_ROWS_AT_ONCE) return all
  }
}

const drainSome = async (db: Kysely<OutboxTables>, lane: string): Promise<number> => {
  const moved = await db
    .with('gone', (gone) =>
      gone
        .deleteFrom('outbox')
        .where('id', 'in', (oldest) =>
          oldest
            .selectFrom('outbox')
            .select('id')
            .where('lane', '=', lane)
            .orderBy('id')
            .limit(CONTROLLED_ROWS_AT_ONCE),
        )
        .returningAll(),
    )
    .insertInto('dead_letters')
    .columns(['id', 'lane', 'letter', 'enqueued_at', 'topics', 'reason', 'detail'])
    .expression((from) =>
      from
        .selectFrom('gone')
        .select(({ val }) => [
          'id',
          'lane',
          'letter',
          'enqueued_at',
          'topics',
          val('drained').as('reason'),
          val('put aside by the operator').as('detail'),
        ]),
    )
    .returning('id')
    .execute()
  return moved.length
}

const replaySome = async (db: Kysely<OutboxTables>, lane: string, ids?: readonly string[]): Promise<number> => {
  const moved = await db
    .with('raised', (raised) =>
      raised
        .deleteFrom('dead_letters')
        .where('id', 'in', (oldest) =>
          oldest
            .selectFrom('dead_letters')
            .select('id')
            .where('lane', '=', lane)
            .where(ids ? sql<boolean>`id = any(${ids}::bigint[])` : sql<boolean>`true`)
            .orderBy('id')
            .limit(CONTROLLED_ROWS_AT_ONCE),
        )
        .returningAll(),
    )
    .insertInto('outbox')
    .columns(['id', 'lane', 'letter', 'enqueued_at', 'topics'])
    // With the number it had: what was about the same and came later stays later.
    .expression(sql`overriding system value select id, lane, letter, enqueued_at, topics from raised`)
    .returning(['id', tellOf('outbox')])
    .execute()
  return moved.length
}

/** As in `outbox.ts`: the service is known by where the row is. */
const tellOf = (table: 'outbox' | 'paused_lanes') => {
  const schema = sql`(select relnamespace::regnamespace::text from pg_class where pg_class.oid = ${sql.ref(table)}.tableoid)`
  return sql`pg_notify(${OUTBOX_CHANNEL}, ${schema} || ' ' || ${sql.ref(table)}.lane)`.as('told')
}
