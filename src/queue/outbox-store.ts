/** The courier's side of an outbox: the only SQL that reads and empties it. */
import { type Generated, type Kysely, sql } from 'kysely'
import type { Bundle } from './letters.ts'
import { ANSWER_CHARACTERS_KEPT_MAX, DETAIL_CHARACTERS_MAX, HEAD_BYTES_MAX, HEAD_ROWS_MAX } from './limits.ts'

export interface OutboxTables {
  readonly outbox: {
    readonly id: Generated<string>
    readonly lane: string
    readonly letter: string
    readonly enqueued_at: Generated<Date>
    readonly topics: Generated<readonly number[]>
  }
  readonly dead_letters: {
    readonly id: string
    readonly lane: string
    readonly letter: string
    readonly enqueued_at: Date
    readonly topics: Generated<readonly number[]>
    readonly reason: string
    readonly detail: string
    /** What was asked, in short, and what was answered. */
    readonly request: Generated<string>
    readonly answer: Generated<string>
    readonly buried_at: Generated<Date>
  }
  readonly paused_lanes: {
    readonly lane: string
    readonly paused_at: Generated<Date>
  }
}

export interface StoredLetter {
  readonly id: string
  readonly text: string
  readonly topics: readonly number[]
  /** What the text says, if it was not read from the table. */
  readonly bundle?: Bundle | undefined
}

export interface Grave {
  readonly reason: string
  readonly detail: string
  readonly request?: string | undefined
  readonly answer?: string | undefined
}

/** Which of a lane's rows are wanted; unless said, all of them that memory should hold. */
export interface Wanted {
  /** At most {@link HEAD_ROWS_MAX}. */
  readonly rowsMax?: number
  /** Not these. */
  readonly exceptIds?: readonly string[]
  /** Nor what shares one of these. */
  readonly exceptTopics?: readonly number[]
}

/** What was found at the head of a lane. */
export interface Head {
  readonly letters: readonly StoredLetter[]
  /** These were all the rows that there were, but for those that were not wanted. Unknown, so false, while it is paused. */
  readonly isAll: boolean
  readonly isPaused: boolean
}

/** Numbers of transactions: below `oldest` all are over, and from `next` on none has begun. */
export interface Horizon {
  readonly oldest: bigint
  readonly next: bigint
}

export interface OutboxStore {
  /** Lanes in which something waits. */
  lanes(): Promise<string[]>
  /**
   * The oldest rows of a lane, as many as may be in memory; at least one if there is one. None while it is paused.
   */
  head(lane: string, wanted?: Wanted): Promise<Head>
  /** They were delivered. */
  acknowledge(ids: readonly string[]): Promise<void>
  /** It cannot be delivered: out of the lane, kept with the reason. */
  bury(id: string, grave: Grave): Promise<void>
  /** Whether a row of the lane up to this id still waits. */
  isWaiting(lane: string, upTo: string): Promise<boolean>
  horizon(): Promise<Horizon>
}

/**
 * None of these is prepared. The table is empty one moment and holds a backlog the next, and all of its rows are soon dead:
 * a plan that was made while it was empty, which is to look through it, would be kept until the next analysis.
 */
export const outboxStore = <DB>(service: Kysely<DB>): OutboxStore => {
  // Every schema that includes our migrations has these tables, whatever else it has.
  const db = service as unknown as Kysely<OutboxTables>
  return {
    lanes: () => lanes(db),
    head: async (lane, { rowsMax = HEAD_ROWS_MAX, exceptIds = [], exceptTopics = [] } = {}) => {
      const rows = await head(db, { lane, rowsMax, exceptIds, exceptTopics })
      const letters = rows.flatMap(({ id, text, topics }) => (id === null ? [] : [{ id, text, topics }]))
      const isPaused = letters.length < rows.length
      return { letters, isPaused, isAll: !isPaused && !isFull(letters, rowsMax) }
    },
    acknowledge: async (ids) => {
      await db
        .deleteFrom('outbox')
        .where(sql<boolean>`id = any(${ids}::bigint[]) and ${withoutSync}`)
        .execute()
    },
    bury: async (id, { reason, detail, request = '', answer = '' }) => {
      await db
        .with('gone', (gone) => gone.deleteFrom('outbox').where('id', '=', id).returningAll())
        .insertInto('dead_letters')
        .columns(['id', 'lane', 'letter', 'enqueued_at', 'topics', 'reason', 'detail', 'request', 'answer'])
        .expression((from) =>
          from
            .selectFrom('gone')
            .select(({ val }) => [
              'id',
              'lane',
              'letter',
              'enqueued_at',
              'topics',
              val(reason).as('reason'),
              val(kept(detail, DETAIL_CHARACTERS_MAX)).as('detail'),
              val(kept(request, DETAIL_CHARACTERS_MAX)).as('request'),
              val(kept(answer, ANSWER_CHARACTERS_KEPT_MAX)).as('answer'),
            ]),
        )
        .execute()
    },
    isWaiting: async (lane, upTo) => {
      const rows = await db
        .selectFrom('outbox')
        .select('id')
        .where('lane', '=', lane)
        .where('id', '<=', upTo)
        .limit(1)
        .execute()
      return rows.length > 0
    },
    horizon: async () => {
      const { rows } = await sql<{ readonly oldest: string; readonly next: string }>`
        select pg_snapshot_xmin(now)::text as oldest, pg_snapshot_xmax(now)::text as next
        from pg_current_snapshot() now`.execute(db)
      const [found] = rows
      if (!found) throw new Error('the database has no snapshot')
      return { oldest: BigInt(found.oldest), next: BigInt(found.next) }
    },
  }
}

// From each lane to the next one in the index: `distinct` would read every row of a backlog.
const lanes = async (db: Kysely<OutboxTables>): Promise<string[]> => {
  const rows = await db
    .withRecursive('name(lane)', (first) =>
      first
        .selectFrom((rows) => rows.selectFrom('outbox').select('lane').orderBy('lane').limit(1).as('least'))
        .select('least.lane')
        .unionAll(
          first
            .selectFrom('name')
            .where('name.lane', 'is not', null)
            .select((rows) =>
              rows
                .selectFrom('outbox')
                .select('outbox.lane')
                .whereRef('outbox.lane', '>', 'name.lane')
                .orderBy('outbox.lane')
                .limit(1)
                .$castTo<{ lane: string }>()
                .$asScalar()
                .as('lane'),
            ),
        ),
    )
    .selectFrom('name')
    .select('lane')
    .where('lane', 'is not', null)
    .execute()
  return rows.map(({ lane }) => lane)
}

/**
 * True, and the commit does not wait for the disk. What a crash of the database brings back is sent again, as it is when
 * we die between the answer and this statement; and a sync for every few letters would cost more than all the rest of it.
 */
const withoutSync = sql<boolean>`(select set_config('synchronous_commit', 'off', true)) is not null`

/** PostgreSQL keeps no NUL in a text. */
const kept = (text: string, charactersMax: number): string => text.slice(0, charactersMax).replaceAll('\0', '�')

const isFull = (letters: readonly StoredLetter[], rowsMax: number): boolean =>
  letters.length >= rowsMax || letters.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) >= HEAD_BYTES_MAX

/** A row without an id says that the lane is paused. */
type HeadRow = StoredLetter | { readonly id: null; readonly text: ''; readonly topics: readonly [] }

const head = (
  db: Kysely<OutboxTables>,
  { lane, rowsMax, exceptIds, exceptTopics }: Required<Wanted> & { readonly lane: string },
): Promise<HeadRow[]> =>
  db
    .with('pause', (resting) => resting.selectFrom('paused_lanes').select('lane').where('lane', '=', lane))
    .with('first', (oldest) =>
      oldest
        .selectFrom('outbox')
        .select(['id', 'letter', 'topics'])
        .where('lane', '=', lane)
        .where(sql<boolean>`id <> all(${exceptIds}::bigint[]) and not topics && ${exceptTopics}::int[]`)
        .where(({ not, exists, selectFrom }) => not(exists(selectFrom('pause').select('lane'))))
        .orderBy('id')
        .limit(rowsMax),
    )
    .with('sized', (sized) =>
      sized
        .selectFrom('first')
        .select([
          'id',
          'letter',
          'topics',
          sql<string>`sum(octet_length(letter)) over (order by id) - octet_length(letter)`.as('bytes_before'),
        ]),
    )
    .selectFrom('sized')
    .select(['id', 'letter as text', 'topics'])
    .where('bytes_before', '<', String(HEAD_BYTES_MAX))
    .unionAll((paused) =>
      paused
        .selectFrom('pause')
        .select([sql<never>`null`.as('id'), sql<''>`''`.as('text'), sql<readonly []>`'{}'::int[]`.as('topics')]),
    )
    .orderBy('id')
    .$castTo<HeadRow>()
    .execute()
